//! `pipeline judge`: how the judges agree with people.

use std::path::Path;

use gates::judge::calibrate::{self, Calibration, Scope};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::out::{note, say, say_json};
use super::{Answer, Cli, Failure, open};
use crate::engine::judged::{calibration_path, cases, read_calibration, write_calibration};

/// Compares past verdicts with what people did. It moves no bound.
pub(super) async fn calibrate(
    cli: &Cli,
    site: Option<&str>,
    since: Option<Date>,
    write: Option<Option<&Path>>,
) -> Answer {
    let config = open::config(cli)?;
    let site = site.map(|name| open::site(&config, Some(name))).transpose()?.map(|s| s.name.clone());
    let since = since.map(|date| date.to_zoned(TimeZone::UTC).map(|z| z.timestamp())).transpose();
    let since = since.map_err(Failure::usage)?;
    let scope = Scope { site, since };
    let store = open::store_with_work(&config).await?;
    let (cases, undecided) = cases(&config, &store, &scope).await?;
    let calibration = calibrate::calibrate(&cases, undecided, open::clock(cli).now(), scope);
    told(cli, &calibration);
    if let Some(named) = write {
        // Without a name it is put where proposals look for it.
        let path = named.map_or_else(|| calibration_path(&config), Path::to_owned);
        let text = calibrate::write(&calibration).map_err(Failure::software)?;
        write_calibration(&path, &text)
            .map_err(|e| Failure::usage(format!("{} cannot be written: {e}; name another file", path.display())))?;
        note(&format!("written: {}", path.display()));
    }
    Ok(0)
}

/// Shows a calibration that was written.
pub(super) fn show(cli: &Cli, file: Option<&Path>) -> Answer {
    let path = match file {
        Some(file) => file.to_owned(),
        None => calibration_path(&open::config(cli)?),
    };
    let calibration = read_calibration(&path).map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
    told(cli, &calibration);
    Ok(0)
}

fn told(cli: &Cli, calibration: &Calibration) {
    if cli.json {
        say_json(calibration);
    } else {
        say(&calibrate::text(calibration));
    }
}
