//! What upstreams answer, in a file of its own: as `upstream` of a case, with nothing to take answers by name from.

use std::rc::Rc;
use std::sync::Arc;

use aigw_kinds::Program;
use aigw_kinds::written::OneOrMany;
use aigw_source::{Findings, Limits, Sources, bind};
use indexmap::IndexMap;

use super::known::Known;
use super::{Loader, escape};
use crate::documents::Read;
use crate::script::Script;
use crate::suite::{AnswerRef, SuiteSpec};

/// The answers of a file.
pub(crate) fn answers(path: &str, bytes: &[u8], program: &Arc<Program>, limits: &Limits) -> Result<Script, (Sources, Findings)> {
    let (mut sources, mut findings) = (Sources::new(), Findings::new());
    let script = read(path, bytes, program, limits, (&mut sources, &mut findings));
    match script {
        Some(script) if !findings.has_errors() => Ok(script),
        _ => {
            findings.sort(&sources);
            Err((sources, findings))
        }
    }
}

fn read(
    path: &str,
    bytes: &[u8],
    program: &Arc<Program>,
    limits: &Limits,
    (sources, findings): (&mut Sources, &mut Findings),
) -> Option<Script> {
    let file = sources.add_bytes(path, bytes, limits, findings)?;
    let document = aigw_source::read(sources, file, limits, findings).into_iter().next()?;
    let written = bind::<IndexMap<String, OneOrMany<AnswerRef>>>(&document.root, findings)?;
    let spec = SuiteSpec {
        description: String::new(),
        params: IndexMap::new(),
        at: None,
        fixtures: Default::default(),
        cases: Vec::new(),
    };
    let read = Read { path: path.to_owned(), name: String::new(), document, spec };
    let known = Rc::new(Known::of(program));
    Some(Loader::new(read, &[], program, &known, findings).script(&written, &|name| format!("/{}", escape(name))))
}
