//! An issuer of tokens with one key, and the tokens that it signs.

use std::net::SocketAddr;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// Gives out its keys there, until it is aborted.
pub(crate) fn serve(listener: TcpListener) -> JoinHandle<()> {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": URL_SAFE_NO_PAD.encode(pair().public_key())});
    let body = json!({"keys": [key]}).to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
}

/// One at an address of its own.
pub(crate) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(serve(listener));
    address
}

/// The method `idp` of an Authentication, without what is done with callers that no Consumer declares.
pub(crate) fn method(issuer: SocketAddr) -> String {
    format!("name: idp, issuer: \"http://{issuer}\", jwks: \"http://{issuer}/keys\", audience: [aigw]")
}

/// A token for `aigw` with these claims besides, good for two minutes.
pub(crate) fn token(issuer: SocketAddr, more: &Value) -> String {
    let mut claims = json!({"iss": format!("http://{issuer}"), "aud": "aigw", "exp": jiff::Timestamp::now().as_second() + 120});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k"}"#), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(pair().sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
