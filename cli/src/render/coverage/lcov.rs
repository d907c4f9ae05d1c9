//! What was reached, as an LCOV tracefile: what genhtml, Codecov and editors read (geninfo(1), version 2.0).
//!
//! A line with one point is a line with its count. Where several stand, each is a branch of the line besides, so that a line of which some points were
//! never reached is shown as partly covered.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Shown;
use super::lines::{Line, by_file, count};

pub(super) fn render(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    for (path, lines) in by_file(shown.report) {
        // Writing to a text cannot fail.
        write!(out, "TN:aigw\nSF:{}{path}\n", shown.base).unwrap_or_default();
        out += &branches(&lines);
        for (number, line) in &lines {
            writeln!(out, "DA:{number},{}", count(line)).unwrap_or_default();
        }
        let hit = lines.values().filter(|line| count(line) > 0).count();
        write!(out, "LF:{}\nLH:{hit}\nend_of_record\n", lines.len()).unwrap_or_default();
    }
    out
}

fn branches(lines: &BTreeMap<u32, Line<'_>>) -> String {
    let mut out = String::new();
    let (mut found, mut hit) = (0_usize, 0_usize);
    for (number, line) in lines.iter().filter(|(_, line)| line.len() > 1) {
        let mut block = 0_usize;
        let mut branch = 0_usize;
        let mut last = None;
        for point in line {
            let this = (point.kind, point.column, &point.name);
            (block, branch) = match last {
                Some(last) if last == this => (block, branch + 1),
                Some(_) => (block + 1, 0),
                None => (0, 0),
            };
            last = Some(this);
            // Of a line that was never met it is not known which way it would have gone.
            let taken = if count(line) == 0 { "-".to_owned() } else { point.count.to_string() };
            writeln!(out, "BRDA:{number},{block},{branch},{taken}").unwrap_or_default();
            found += 1;
            hit += usize::from(point.count > 0);
        }
    }
    if found > 0 {
        write!(out, "BRF:{found}\nBRH:{hit}\n").unwrap_or_default();
    }
    out
}
