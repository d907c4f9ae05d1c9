//! Asking a running gateway, for the command line.

use std::time::Duration;

use aigw_core::Secret;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::Status;
use crate::reload::ActivationRecord;
use crate::tasks::Task;

/// How long an answer may take: a reload compiles and verifies first.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest answer.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// A gateway's admin address, and the token it demands.
#[derive(Clone, Debug)]
pub struct Client {
    /// `HOST:PORT`.
    pub address: String,
    /// The bearer token, where it demands one.
    pub token: Option<Secret>,
}

/// Why a gateway did not answer as asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there.
    #[error("no gateway answers on `{address}`: {detail}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        detail: String,
    },
    /// The token is missing or wrong.
    #[error("the gateway on `{0}` demands its admin token")]
    Unauthorised(String),
    /// Something else answers there, or the gateway is going down.
    #[error("`{address}` answered {status} and nothing that a gateway says")]
    Unexpected {
        /// Where.
        address: String,
        /// The status.
        status: StatusCode,
    },
}

impl Client {
    /// What it is doing.
    ///
    /// # Errors
    /// Where nobody answers, or not as a gateway does.
    pub fn status(&self) -> Result<Status, ClientError> {
        self.ask(Method::GET, "/status", false)
    }

    /// Makes it look at its source now, and gives what came of that.
    ///
    /// # Errors
    /// Where nobody answers, or not as a gateway does. A refused bundle is an answer.
    pub fn reload(&self) -> Result<ActivationRecord, ClientError> {
        self.ask(Method::POST, "/v1/reload", false)
    }

    /// Makes it look at its source soon, and does not wait for what comes of that.
    ///
    /// # Errors
    /// Where nobody answers, or not as a gateway does.
    pub fn ask_reload(&self) -> Result<(), ClientError> {
        self.ask::<serde_json::Value>(Method::POST, "/v1/reload", true).map(drop)
    }

    fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, only_ask: bool) -> Result<T, ClientError> {
        let unreachable = |detail: String| ClientError::Unreachable { address: self.address.clone(), detail };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|fault| unreachable(fault.to_string()))?;
        let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, self.exchange(method, path, only_ask)).await });
        let (status, body) =
            answer.map_err(|_| unreachable("it does not answer".to_owned()))?.map_err(|fault| unreachable(fault.to_string()))?;
        if status == StatusCode::UNAUTHORIZED {
            return Err(ClientError::Unauthorised(self.address.clone()));
        }
        serde_json::from_slice(&body).map_err(|_| ClientError::Unexpected { address: self.address.clone(), status })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        only_ask: bool,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let _driver = Task::spawn(async move {
            if let Err(fault) = connection.await {
                tracing::debug!(error = %fault, "the gateway's connection ended");
            }
        });
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.address);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        if only_ask {
            request = request.header("prefer", super::RESPOND_ASYNC);
        }
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await?.to_bytes();
        Ok((status, body))
    }
}
