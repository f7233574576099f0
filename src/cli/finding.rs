//! What a check found: a line for people, an object for scripts.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

use super::output::write_json;
use crate::util::log::printable;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    /// It can't be told from here.
    Unknown,
    Warning,
    Failure,
}

/// One line of the doctor's.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    /// What was looked at.
    pub(super) check: &'static str,
    /// The site, if there are several.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) site: String,
    pub(super) said: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
}

impl Finding {
    fn new(verdict: Verdict, check: &'static str, said: impl Into<String>) -> Self {
        Self {
            verdict,
            check,
            site: String::new(),
            said: said.into(),
            mend: None,
        }
    }

    pub(super) fn ok(check: &'static str, said: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, check, said)
    }

    pub(super) fn unknown(check: &'static str, said: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, check, said)
    }

    pub(super) fn warning(
        check: &'static str,
        said: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Warning, check, said).mended_by(mend)
    }

    pub(super) fn failure(
        check: &'static str,
        said: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Failure, check, said).mended_by(mend)
    }

    pub(super) fn mended_by(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    pub(super) fn at(mut self, site: &str) -> Self {
        site.clone_into(&mut self.site);
        self
    }
}

pub(super) fn exit_status(findings: &[Finding]) -> ExitCode {
    let mut findings = findings.iter();
    if findings.any(|finding| finding.verdict == Verdict::Failure) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

pub(super) fn print(findings: &[Finding], json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        return write_json(&findings, out);
    }
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Unknown => "unknown",
            Verdict::Warning => "WARNING",
            Verdict::Failure => "FAILURE",
        };
        let site = match finding.site.as_str() {
            "" => String::new(),
            site => format!("{site}: "),
        };
        writeln!(
            out,
            "{verdict:<8} {:<12} {site}{}",
            finding.check,
            printable(&finding.said)
        )?;
        if let Some(mend) = &finding.mend {
            writeln!(out, "{:<21} → {}", "", printable(mend))?;
        }
    }
    let count = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
    let (failures, warnings) = (count(Verdict::Failure), count(Verdict::Warning));
    writeln!(out, "\n{failures} failures, {warnings} warnings.")
}
