//! `aigw init`: a working policy repository to begin with.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{say, write_file};

/// Where the schema lies in a policy repository; editors find it through the first line of every document file.
const SCHEMA: &str = ".aigw/schema.json";
/// Schemas of test suites, and of the fixtures that they share.
const SUITE_SCHEMA: &str = ".aigw/test-suite.json";
const FIXTURES_SCHEMA: &str = ".aigw/test-fixtures.json";
const WORKFLOW: &str = include_str!("init/workflow.yml");
const GITIGNORE: &str = "# signing keys and bundles are not policies\n*.key.pem\n*.aigw\n";

macro_rules! example {
    ($folder:literal: $($file:literal),+) => {
        &[$(($file, include_str!(concat!("../../../examples/", $folder, "/", $file)))),+]
    };
}

const QUICKSTART: &[(&str, &str)] =
    example!("quickstart": "gateway.yaml", "models.yaml", "routes.yaml", "access.yaml", "gateway.test.yaml");
const AZURE_OPENAI: &[(&str, &str)] = example!(
    "azure-openai": "gateway.yaml", "providers.yaml", "models.yaml", "routes.yaml", "access.yaml", "routing.test.yaml",
    "reliability.test.yaml", "limits.test.yaml", "fixtures/shared.yaml"
);
const MULTI_TENANT: &[(&str, &str)] = example!(
    "multi-tenant": "gateway.yaml", "platform/access.yaml", "platform/products.yaml", "platform/routes.yaml", "platform/tenants.yaml",
    "platform/upstreams.yaml", "tenants/contoso/consumers.yaml", "tenants/contoso/routes.yaml", "tenants/contoso/subscriptions.yaml",
    "tenants/fabrikam/consumers.yaml", "tenants/fabrikam/routes.yaml", "tenants/fabrikam/subscriptions.yaml", "border.test.yaml",
    "identity.test.yaml", "input.test.yaml", "products.test.yaml", "fixtures/shared.yaml"
);

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aigw init policies\n  aigw init --from azure-openai my-gateway")]
pub(crate) struct Init {
    /// The folder; created where it does not exist
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The example to begin with
    #[arg(long, value_enum, default_value_t = Example::Quickstart, value_name = "EXAMPLE")]
    from: Example,
}

/// The examples that are compiled in.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Example {
    /// A built-in mock model behind an API key
    Quickstart,
    /// Two Azure OpenAI regions behind one model name
    AzureOpenai,
    /// Two tenants with keys and tokens, products, and a border between them
    MultiTenant,
}

impl Init {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let documents = match self.from {
            Example::Quickstart => QUICKSTART,
            Example::AzureOpenai => AZURE_OPENAI,
            Example::MultiTenant => MULTI_TENANT,
        };
        let mut files: Vec<(&str, String)> =
            documents.iter().map(|(name, text)| (*name, format!("{}{text}", header(name)))).collect();
        files.push((SCHEMA, super::schema::text(&aigw_kinds::schema::schema_of_all())));
        files.push((SUITE_SCHEMA, super::schema::text(&aigw_testkit::suite_schema())));
        if documents.iter().any(|(name, _)| aigw_testkit::is_fixtures_file(name)) {
            files.push((FIXTURES_SCHEMA, super::schema::text(&aigw_testkit::fixtures_schema())));
        }
        files.push((".github/workflows/policies.yml", WORKFLOW.to_owned()));
        files.push((".gitignore", GITIGNORE.to_owned()));
        self.refuse_to_overwrite(&files)?;
        for (name, text) in &files {
            create(&self.dir.join(name), text)?;
        }
        if !globals.quiet {
            say(&format!("wrote {} files to `{}`", files.len(), self.dir.display()));
            say(&format!("next: aigw test {0} && aigw serve --dev {0}", self.dir.display()));
        }
        Ok(Exit::Fine)
    }

    /// All files or none: what somebody wrote is never written over.
    fn refuse_to_overwrite(&self, files: &[(&str, String)]) -> Result<(), Stop> {
        match files.iter().map(|(name, _)| self.dir.join(name)).find(|path| path.exists()) {
            Some(path) => Err(Stop::usage(format!("`{}` exists already", path.display())).help("name an empty folder")),
            None => Ok(()),
        }
    }
}

/// The line that tells editors where a file's schema lies, seen from the file.
fn header(name: &str) -> String {
    let up = "../".repeat(name.matches('/').count());
    let schema = if aigw_testkit::is_suite_file(name) {
        SUITE_SCHEMA
    } else if aigw_testkit::is_fixtures_file(name) {
        FIXTURES_SCHEMA
    } else {
        SCHEMA
    };
    format!("# yaml-language-server: $schema={up}{schema}\n")
}

fn create(path: &Path, text: &str) -> Result<(), Stop> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Stop::usage(format!("`{}` cannot be created: {error}", folder.display())))?;
    }
    write_file(path, text.as_bytes())
}
