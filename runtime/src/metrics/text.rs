//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write};

use super::Metric;

/// A scrape being written.
#[derive(Debug, Default)]
pub(crate) struct Text {
    out: String,
    /// The metric whose header was written last.
    last: Option<Metric>,
}

impl Text {
    /// The content type of what [`Text::finish`] gives.
    pub(crate) const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// One value. All values of a metric are written one after another.
    pub(crate) fn value(&mut self, metric: Metric, labels: &[(&str, &str)], value: impl Display) {
        self.part(metric, "", labels, value);
    }

    /// One value of a histogram's part.
    pub(crate) fn part(&mut self, metric: Metric, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        if self.last.replace(metric) != Some(metric) {
            self.line(format_args!("# HELP {} {}", metric.name(), metric.help()));
            self.line(format_args!("# TYPE {} {}", metric.name(), metric.kind()));
        }
        if labels.is_empty() {
            self.line(format_args!("{}{suffix} {value}", metric.name()));
            return;
        }
        let mut pairs = String::new();
        for (name, value) in labels {
            if !pairs.is_empty() {
                pairs.push(',');
            }
            pairs.push_str(name);
            pairs.push_str("=\"");
            value.chars().for_each(|c| escape(c, &mut pairs));
            pairs.push('"');
        }
        self.line(format_args!("{}{suffix}{{{pairs}}} {value}", metric.name()));
    }

    /// Everything written.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // INVARIANT: writing to a `String` cannot fail.
        let _infallible = writeln!(self.out, "{line}");
    }
}

fn escape(c: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\\\"),
        '"' => out.push_str("\\\""),
        '\n' => out.push_str("\\n"),
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_once_and_label_values_are_escaped() {
        let mut text = Text::default();
        text.value(Metric::Ready, &[], 1);
        text.value(Metric::BundleInfo, &[("a", "x\"y\\z\n")], 1);
        text.value(Metric::BundleInfo, &[("a", "b"), ("c", "d")], 2);
        let expected = "# HELP aigw_ready 1 where `/readyz` says so.\n# TYPE aigw_ready gauge\naigw_ready 1\n\
            # HELP aigw_bundle_info The active bundle; always 1.\n# TYPE aigw_bundle_info gauge\n\
            aigw_bundle_info{a=\"x\\\"y\\\\z\\n\"} 1\naigw_bundle_info{a=\"b\",c=\"d\"} 2\n";
        assert_eq!(text.finish(), expected);
    }
}
