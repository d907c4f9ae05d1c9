//! `aigw inspect`: what a bundle holds. It trusts nothing and checks no signature: `verify` does.

use std::fs;
use std::path::{Component, Path, PathBuf};

use aigw_bundle::{Inspection, Limits};
use clap::Args;
use serde_json::json;

use crate::exit::{Exit, Outcome, Stop};
use crate::output::{print, read_file, write_file};
use crate::signing::trust_stop;

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw inspect gateway.aigw\n  aigw inspect gateway.aigw --member program.json\n  aigw inspect gateway.aigw --extract out"
)]
pub(crate) struct Inspect {
    /// The bundle
    bundle: PathBuf,
    /// Write every member below this folder, which must not exist
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
    /// Print one member
    #[arg(long, value_name = "PATH", conflicts_with = "extract")]
    member: Option<String>,
}

impl Inspect {
    pub(crate) fn run(self) -> Outcome {
        let limits = Limits::default();
        let bundle = read_file(&self.bundle, limits.max_file_bytes())?;
        let inspection = Inspection::of(&bundle, &limits).map_err(trust_stop)?;
        if let Some(path) = &self.member {
            let bytes = inspection.members.get(path).ok_or_else(|| Stop::usage(format!("the bundle holds no `{path}`")))?;
            print(&String::from_utf8_lossy(bytes))?;
            return Ok(Exit::Fine);
        }
        if let Some(folder) = &self.extract {
            extract(&inspection, folder)?;
        }
        let members: Vec<_> =
            inspection.members.iter().map(|(path, bytes)| json!({"path": path, "bytes": bytes.len()})).collect();
        let keys: Vec<_> = inspection.envelope.signatures.iter().map(|signature| signature.key_id.as_str()).collect();
        let whole = json!({"statement": inspection.statement, "keyIds": keys, "members": members});
        print(&format!("{whole:#}\n"))?;
        Ok(Exit::Fine)
    }
}

fn extract(inspection: &Inspection, folder: &Path) -> Result<(), Stop> {
    if folder.exists() {
        return Err(Stop::usage(format!("`{}` exists already", folder.display())).help("name a folder that does not exist"));
    }
    for (name, bytes) in &inspection.members {
        // The container refuses such names already; a path is not left to one check.
        if !Path::new(name).components().all(|component| matches!(component, Component::Normal(_))) {
            return Err(
                Stop::usage(format!("the bundle holds the path `{name}`, which leaves its folder")).with_exit(Exit::Trust)
            );
        }
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .map_err(|error| Stop::usage(format!("`{}` cannot be created: {error}", parent.display())))?;
        }
        write_file(&path, bytes)?;
    }
    Ok(())
}
