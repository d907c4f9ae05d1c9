#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::symlink;
use std::time::Duration;

use aigw_engine::LoadedIdentity;
use tokio::runtime::Handle;

use super::*;
use crate::azure::Tokens;
use crate::azure::tests::stand_in::{StandIn, VAULT};
use crate::azure::tests::{fetcher, tokens};
use crate::world::Random;

fn from(folder: &tempfile::TempDir) -> Secrets {
    let variable = |name: &str| (name == "AIGW_SECRET_AOAI_EASTUS").then(|| "from the environment".to_owned());
    Secrets { folder: Some(folder.path().to_owned()), variable, vault: None, sets: Mutex::default() }
}

fn value(set: &SecretSet, name: &str) -> Option<String> {
    set.get(name).map(|secret| secret.expose().to_owned())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn files_come_before_variables_and_lose_their_last_newline() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = from(&folder);
    assert_eq!(secrets.read("aoai-eastus").unwrap().expose(), "from the environment");
    std::fs::write(folder.path().join("aoai-eastus"), "from a file\r\n").unwrap();
    assert_eq!(secrets.read("aoai-eastus").unwrap().expose(), "from a file");
}

#[test]
fn what_is_missing_is_named_until_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = from(&folder);
    let set = secrets.set(&names(&["aoai-eastus", "openai"]));
    assert_eq!(set.missing(), ["openai"]);
    std::fs::write(folder.path().join("openai"), "one").unwrap();
    secrets.refresh();
    assert!(set.missing().is_empty());
    std::fs::write(folder.path().join("openai"), "two").unwrap();
    secrets.refresh();
    assert_eq!(value(&set, "openai").as_deref(), Some("two"));
    assert_eq!(value(&set, "other"), None);
    std::fs::remove_file(folder.path().join("openai")).unwrap();
    secrets.refresh();
    assert_eq!(value(&set, "openai"), None);
}

#[test]
fn what_is_no_secret_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = from(&folder);
    std::fs::write(folder.path().join("long"), vec![b'x'; 70_000]).unwrap();
    std::fs::write(folder.path().join("longest"), vec![b'x'; files::MAX_SECRET_BYTES]).unwrap();
    std::fs::write(folder.path().join("binary"), [0xff, 0xfe]).unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    for name in ["long", "binary", "empty", "folder", "../escape", ".hidden", "", "a/b"] {
        assert!(secrets.read(name).is_none(), "{name}");
    }
    assert!(secrets.read("longest").is_some());
}

/// Kubernetes mounts `NAME -> ..data/NAME` and `..data -> ..TIME`, writes a new folder, and moves a new `..data` over the old one.
#[test]
fn a_mounted_folder_that_is_swapped_whole_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |at: &str, text: &str| {
        std::fs::create_dir(path(at)).unwrap();
        std::fs::write(path(at).join("openai"), text).unwrap();
    };
    write("..2026_11_22_1", "one");
    symlink("..2026_11_22_1", path("..data")).unwrap();
    symlink("..data/openai", path("openai")).unwrap();
    let secrets = from(&folder);
    let set = secrets.set(&names(&["openai"]));
    assert_eq!(value(&set, "openai").as_deref(), Some("one"));
    write("..2026_11_22_2", "two");
    symlink("..2026_11_22_2", path("..data_tmp")).unwrap();
    std::fs::rename(path("..data_tmp"), path("..data")).unwrap();
    std::fs::remove_dir_all(path("..2026_11_22_1")).unwrap();
    secrets.refresh();
    assert_eq!(value(&set, "openai").as_deref(), Some("two"));
    assert!(secrets.read("..data").is_none());
}

/// A vault at the stand-in, beside an empty folder.
struct Site {
    azure: StandIn,
    folder: tempfile::TempDir,
    secrets: Arc<Secrets>,
    _tokens: Tokens,
}

impl Site {
    async fn start(values: &[(&str, &str)]) -> Self {
        Self::refreshed(values, Duration::ZERO).await
    }

    async fn refreshed(values: &[(&str, &str)], refresh: Duration) -> Self {
        Self::at(StandIn::start().await, values, refresh)
    }

    fn at(azure: StandIn, values: &[(&str, &str)], refresh: Duration) -> Self {
        azure.change(|state| state.secrets.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))));
        let tokens = tokens(&azure);
        let vault = Vault::new(VaultSetup {
            url: azure.url(),
            refresh,
            token: tokens.of(&LoadedIdentity { client_id: None, resource: VAULT.to_owned() }),
            fetcher: fetcher(),
            control: Handle::current(),
            random: Arc::new(Random::seeded(1)),
        });
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(Secrets { vault: Some(vault), ..from(&folder) });
        Self { azure, folder, secrets, _tokens: tokens }
    }

    /// As an activation makes one, away from the tasks.
    async fn set(&self, wanted: &[&str]) -> Arc<SecretSet> {
        let (secrets, wanted) = (Arc::clone(&self.secrets), names(wanted));
        crate::tasks::blocking(move || secrets.set(&wanted)).await.unwrap()
    }

    /// What the process does again and again.
    async fn turn(&self) {
        self.secrets.ask_vault();
        self.vault().refresh().await;
        self.secrets.refresh();
    }

    async fn turns_until(&self, condition: impl Fn(&Self) -> bool) {
        let begun = std::time::Instant::now();
        while !condition(self) {
            assert!(begun.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.turn().await;
        }
    }

    fn vault(&self) -> &Vault {
        self.secrets.vault().unwrap()
    }

    fn trouble(&self, name: &str) -> String {
        let report = self.vault().report();
        report.secrets.into_iter().find(|secret| secret.name == name).and_then(|secret| secret.trouble).unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vault_has_what_is_nowhere_else() {
    let site = Site::refreshed(
        &[("openai", "from the vault\n"), ("aoai-eastus", "unused"), ("filed", "unused")],
        Duration::from_secs(300),
    )
    .await;
    std::fs::write(site.folder.path().join("filed"), "from a file").unwrap();
    let set = site.set(&["openai", "aoai-eastus", "filed", "nowhere"]).await;
    assert_eq!(value(&set, "openai").as_deref(), Some("from the vault"));
    assert_eq!(value(&set, "aoai-eastus").as_deref(), Some("from the environment"));
    assert_eq!(value(&set, "filed").as_deref(), Some("from a file"));
    assert_eq!(set.missing(), ["nowhere"]);
    assert_eq!(site.trouble("nowhere"), "the vault answered 404 SecretNotFound");
    assert_eq!(site.azure.count("GET /secrets/"), 2, "only those are asked for");
    assert_eq!(site.azure.count("GET /secrets/openai?api-version=7.4"), 1);
    // Within its time nothing is asked for again.
    site.turn().await;
    assert_eq!(site.azure.count("GET /secrets/"), 2);
    // A file that goes leaves no gap.
    std::fs::remove_file(site.folder.path().join("filed")).unwrap();
    site.secrets.ask_vault();
    site.secrets.refresh();
    assert_eq!(value(&set, "filed").as_deref(), Some("from a file"));
    site.turn().await;
    assert_eq!(value(&set, "filed").as_deref(), Some("unused"));
    // What no program uses any more is forgotten.
    drop(set);
    site.turn().await;
    assert!(site.vault().report().secrets.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_changes_in_the_vault_changes_here() {
    let site = Site::start(&[("openai", "one")]).await;
    let set = site.set(&["openai"]).await;
    assert_eq!(value(&set, "openai").as_deref(), Some("one"));
    site.azure.change(|state| drop(state.secrets.insert("openai".to_owned(), "two".to_owned())));
    site.turn().await;
    assert_eq!(value(&set, "openai").as_deref(), Some("two"));
    site.azure.change(|state| assert!(state.disabled.insert("openai".to_owned())));
    site.turn().await;
    assert_eq!(value(&set, "openai"), None, "what was switched off is not used");
    assert_eq!(site.trouble("openai"), "the vault answered 403 Forbidden SecretDisabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_away_leaves_its_last_word() {
    let site = Site::start(&[("openai", "one"), ("other", "two")]).await;
    let set = site.set(&["openai", "other"]).await;
    site.azure.change(|state| (state.vault, state.retry_after) = (429, Some(1)));
    site.turn().await;
    let asked = site.azure.count("GET /secrets/");
    let report = site.vault().report();
    assert_eq!((report.trouble.as_deref(), report.failed), (Some("it answered 429 Throttled"), 1));
    assert!(report.secrets.iter().all(|secret| secret.age.is_some()));
    site.turn().await;
    assert_eq!(site.azure.count("GET /secrets/"), asked, "it is left alone for as long as it asks");
    assert_eq!((value(&set, "openai").as_deref(), value(&set, "other").as_deref()), (Some("one"), Some("two")));
    site.azure.change(|state| state.vault = 200);
    site.turns_until(|site| site.vault().report().trouble.is_none()).await;
    // One secret that is refused keeps its value too, and does not stand in the others' way.
    site.azure.change(|state| {
        state.forbidden.insert("openai".to_owned());
        state.secrets.insert("other".to_owned(), "three".to_owned());
    });
    site.turn().await;
    assert_eq!((value(&set, "openai").as_deref(), value(&set, "other").as_deref()), (Some("one"), Some("three")));
    assert_eq!(site.trouble("openai"), "the vault answered 403 Forbidden ForbiddenByRbac");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_vault_lacks_its_secrets() {
    let site = Site::start(&[("openai", "one")]).await;
    site.azure.change(|state| state.vault = 503);
    let set = site.set(&["openai", "aoai-eastus"]).await;
    assert_eq!(set.missing(), ["openai"]);
    assert_eq!(site.vault().report().trouble.as_deref(), Some("it answered 503 Throttled"));
    site.azure.change(|state| state.vault = 200);
    site.turns_until(|_| set.missing().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_vault_is_not_asked() {
    let azure = StandIn::start().await;
    azure.change(|state| state.issuer = 400);
    let site = Site::at(azure, &[("openai", "one")], Duration::ZERO);
    let set = site.set(&["openai"]).await;
    assert_eq!(set.missing(), ["openai"]);
    assert_eq!(site.vault().report().trouble.as_deref(), Some("there is no access token for it"));
    assert_eq!(site.azure.count("GET /secrets/"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_no_vault_knows_are_refused_and_said_so() {
    let site = Site::start(&[("a-b", "one")]).await;
    let set = site.set(&["a_b", "a.b", "a-b"]).await;
    assert_eq!(set.missing(), ["a.b", "a_b"]);
    for name in ["a_b", "a.b"] {
        assert!(site.trouble(name).contains("only letters, digits and `-`"), "{}", site.trouble(name));
    }
    assert_eq!(value(&set, "a-b").as_deref(), Some("one"));
}

#[test]
fn a_vaults_address_is_encrypted_or_here() {
    for good in ["https://x.vault.azure.net", "https://x.vault.azure.net/", "http://127.0.0.1:9", "http://localhost:9"] {
        assert!(is_vault_url(good), "{good}");
    }
    for bad in [
        "",
        "x.vault.azure.net",
        "http://x.vault.azure.net",
        "https://u:p@x.vault.azure.net",
        "https://x/secrets",
        "https://x?a",
        "https://x/#a",
    ] {
        assert!(!is_vault_url(bad), "{bad}");
    }
}
