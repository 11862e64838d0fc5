//! What keeps a box fit for work: a repair, and its meter. Each is one command or call, within a time limit.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use states::metering::Reading;

use super::means::{HttpCall, Untold};
use super::options::WorkerOptions;
use super::perform::call;

/// Where the box's use of energy can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// The call, usually with `method = "GET"`. Its answer is JSON.
    pub http: HttpCall,
    /// Where in the answer the number stands: `/StatusSNS/ENERGY/Total`.
    pub json_pointer: String,
    /// What the number means.
    pub unit: MeterUnit,
}

/// What a meter's number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MeterUnit {
    /// A counter of energy, in kilowatt-hours.
    #[serde(rename = "kWh")]
    KilowattHours,
    /// A counter of energy, in watt-hours.
    #[serde(rename = "Wh")]
    WattHours,
    /// The power drawn now, in watts: it is read every minute.
    #[serde(rename = "W")]
    Watts,
}

/// Repairs the box.
///
/// # Errors
/// Why it did not work.
pub async fn repair(options: &WorkerOptions) -> Result<(), String> {
    match &options.repair {
        None => Ok(()),
        Some(means) => means.tell(options.command_seconds).await.map_err(Untold::why),
    }
}

/// Reads the box's meter; `None` where it has none.
///
/// # Errors
/// Why it cannot be read.
pub async fn read_meter(options: &WorkerOptions) -> Result<Option<Reading>, String> {
    let Some(meter) = &options.meter else { return Ok(None) };
    let (status, body) = call(&meter.http, options.command_seconds).await.map_err(Untold::why)?;
    if status != 200 {
        return Err(format!("it answers with HTTP {status}"));
    }
    reading(meter, &body).map(Some)
}

fn reading(meter: &Meter, body: &str) -> Result<Reading, String> {
    let answer: Value = serde_json::from_str(body).map_err(|error| format!("its answer is no JSON: {error}"))?;
    let at = &meter.json_pointer;
    let number = match answer.pointer(at) {
        Some(Value::Number(number)) => number.as_f64(),
        // Some write numbers between quotation marks.
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
        None => return Err(format!("its answer has nothing at `{at}`")),
    };
    let number = number.filter(|n: &f64| n.is_finite()).ok_or_else(|| format!("what stands at `{at}` is no number"))?;
    let thousandths = |factor: f64| {
        #[allow(clippy::cast_possible_truncation, reason = "a cast saturates, and no meter counts that far")]
        let whole = (number * factor).round() as i64;
        whole
    };
    Ok(match meter.unit {
        MeterUnit::KilowattHours => Reading::Counter(thousandths(1_000_000.0)),
        MeterUnit::WattHours => Reading::Counter(thousandths(1_000.0)),
        MeterUnit::Watts => Reading::Power(thousandths(1_000.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::means::Means;
    use super::*;

    fn meter(at: &str, unit: MeterUnit) -> Meter {
        let http = HttpCall { method: "GET".into(), ..HttpCall::to("http://plug.lan/status") };
        Meter { http, json_pointer: at.into(), unit }
    }

    #[test]
    fn meters_of_several_makes_are_read() {
        let tasmota = r#"{"StatusSNS":{"ENERGY":{"Total":12.345,"Power":87}}}"#;
        let shelly = r#"{"apower":87.25,"aenergy":{"total":"1234.5"}}"#;
        for (body, at, unit, expected) in [
            (tasmota, "/StatusSNS/ENERGY/Total", MeterUnit::KilowattHours, Reading::Counter(12_345_000)),
            (tasmota, "/StatusSNS/ENERGY/Power", MeterUnit::Watts, Reading::Power(87_000)),
            (shelly, "/aenergy/total", MeterUnit::WattHours, Reading::Counter(1_234_500)),
            (shelly, "/apower", MeterUnit::Watts, Reading::Power(87_250)),
        ] {
            assert_eq!(reading(&meter(at, unit), body), Ok(expected));
        }
    }

    #[test]
    fn a_meter_that_says_no_number_is_not_believed() {
        for (body, said) in [
            ("<html>", "no JSON"),
            (r#"{"x":1}"#, "nothing at"),
            (r#"{"total":null}"#, "no number"),
            (r#"{"total":"NaN"}"#, "no number"),
        ] {
            let error = reading(&meter("/total", MeterUnit::WattHours), body).unwrap_err();
            assert!(error.contains(said), "{body}: {error}");
        }
    }

    #[test]
    fn meters_and_repairs_are_read_as_people_write_them() {
        let options: WorkerOptions = toml::from_str(
            r#"
            hours = "22:00-07:00"
            time_zone = "Europe/Berlin"
            repair = { command = ["ssh", "box", "systemctl", "restart", "ollama"] }
            [meter]
            http = { url = "http://plug.lan/cm?cmnd=Status%208", method = "GET" }
            json_pointer = "/StatusSNS/ENERGY/Total"
            unit = "kWh"
            "#,
        )
        .unwrap();
        assert!(matches!(options.repair, Some(Means::Command(_))));
        assert_eq!(options.meter.map(|m| m.unit), Some(MeterUnit::KilowattHours));
    }
}
