//! The program as a file: the member of a bundle that a runtime loads.

use serde::Deserialize;

use crate::{PROGRAM_VERSION, Program, ProgramFault};

/// The path of the program within a bundle.
pub const PROGRAM_MEMBER: &str = "program.json";

/// Only what tells the versions apart; everything else may differ between them.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Why a file is not a program that this version can load.
#[derive(Debug, thiserror::Error)]
pub enum ProgramFileError {
    /// It is not JSON of the program's form.
    #[error("the program is malformed: {0}")]
    Malformed(serde_json::Error),
    /// It was compiled for another version of the program format.
    #[error(
        "the program has format {0}, and this version loads format {PROGRAM_VERSION}: build the bundle with the version that serves it"
    )]
    Version(u32),
    /// It refers to what it does not hold.
    #[error(transparent)]
    Inconsistent(ProgramFault),
}

impl Program {
    /// Reads a program. Its version is looked at first, so that another one is called so and not malformed; its ids are checked, so that nothing
    /// behind this can meet one that leads nowhere.
    pub fn from_json(json: &[u8]) -> Result<Self, ProgramFileError> {
        let Versioned { version } = serde_json::from_slice(json).map_err(ProgramFileError::Malformed)?;
        if version != PROGRAM_VERSION {
            return Err(ProgramFileError::Version(version));
        }
        let program: Self = serde_json::from_slice(json).map_err(ProgramFileError::Malformed)?;
        program.check_ids().map_err(ProgramFileError::Inconsistent)?;
        Ok(program)
    }
}
