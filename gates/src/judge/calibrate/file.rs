//! The file that a calibration is kept in.

use super::{Agreement, Calibration, Confusion, VERSION};

/// No file is longer, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// Why a calibration file cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// Too long.
    #[error("it has {0} bytes, more than any calibration; make it anew with `pipeline judge calibrate --write`")]
    TooLong(usize),
    /// Written by another version of the program.
    #[error("it has the form {0}, this program knows {VERSION}; make it anew with `pipeline judge calibrate --write`")]
    Version(i64),
    /// Not a calibration.
    #[error("it is no calibration ({0}); make it anew with `pipeline judge calibrate --write`")]
    Broken(String),
}

/// A calibration as TOML, with a line on what it is.
///
/// # Errors
/// [`BadFile::Broken`] where a value has no TOML.
pub fn write(calibration: &Calibration) -> Result<String, BadFile> {
    let text = toml::to_string(calibration).map_err(|e| BadFile::Broken(e.to_string()))?;
    Ok(format!(
        "# How the judge agreed with people, written by `pipeline judge calibrate`. It informs; no bound is moved by it.\n\n{text}"
    ))
}

/// Reads a calibration. Whoever wrote it may have written anything: figures that contradict each other are refused.
///
/// # Errors
/// [`BadFile`].
pub fn read(text: &str) -> Result<Calibration, BadFile> {
    if text.len() > LARGEST {
        return Err(BadFile::TooLong(text.len()));
    }
    let broken = |e: toml::de::Error| BadFile::Broken(crate::rules::excerpt(e.message()));
    let value: toml::Table = toml::from_str(text).map_err(broken)?;
    match value.get("version").and_then(toml::Value::as_integer) {
        Some(version) if version == i64::from(VERSION) => {}
        Some(version) => return Err(BadFile::Version(version)),
        None => return Err(BadFile::Broken("it names no version".into())),
    }
    let calibration: Calibration = value.try_into().map_err(broken)?;
    let all = std::iter::once(&calibration.all).chain(calibration.judges.iter().map(|of| &of.agreement));
    for agreement in all {
        sane(agreement).map_err(|why| BadFile::Broken(why.to_owned()))?;
    }
    Ok(calibration)
}

fn sane(of: &Agreement) -> Result<(), &'static str> {
    let Confusion { pass, review, reject } = &of.confusion;
    let mut cells = pass.values().chain(review.values()).chain(reject.values());
    let counted = cells.try_fold(0usize, |sum, n| sum.checked_add(*n));
    if counted != Some(of.decided) {
        return Err("its table does not add up to what was decided");
    }
    if of.agreed > of.decided || of.accepted > of.decided || of.sampled > of.decided {
        return Err("more than all is counted");
    }
    let within = |value: Option<f64>, low: f64, high: f64| value.is_none_or(|v| (low..=high).contains(&v));
    let shares = of.parts.values().all(|v| within(Some(*v), 0.0, 1.0)) && within(of.auc, 0.0, 1.0);
    let means = [of.mean_accepted, of.mean_refused, of.mean_spread].into_iter().all(|v| within(v, 0.0, 100.0));
    if !(shares && means && within(of.kappa, -1.0, 1.0)) {
        return Err("a measure is outside of what it can be");
    }
    Ok(())
}
