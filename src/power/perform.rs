//! Commands and calls, within time limits and without a shell.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::options::HttpCall;

/// Of a reply or of a command's complaint, no more is read.
const MAX_BYTES: usize = 4_096;

/// How a command that was started ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// With exit code 0.
    Well,
    /// Otherwise: in words.
    Badly(String),
}

/// Runs a command. An error says that it could not even be started.
pub(super) async fn run(argv: &[String], seconds: u64) -> Result<Ran, String> {
    let (program, arguments) = argv.split_first().ok_or_else(|| "the command is empty".to_owned())?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Dropped with the future when the time is up.
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    // A suspended box takes its ssh connection along; the command may never end.
    match tokio::time::timeout(Duration::from_secs(seconds), child.wait_with_output()).await {
        Err(_) => Ok(Ran::Badly(format!("`{program}` did not end within {seconds} s"))),
        Ok(Err(error)) => Ok(Ran::Badly(format!("`{program}` failed: {error}"))),
        Ok(Ok(output)) if output.status.success() => Ok(Ran::Well),
        Ok(Ok(output)) => {
            let end = output.stderr.len().saturating_sub(300);
            let said = String::from_utf8_lossy(&output.stderr[end..]);
            let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let said: String = said.chars().filter(|c| !c.is_control()).collect();
            Ok(Ran::Badly(format!("`{program}` ended with {}: {said}", output.status)))
        }
    }
}

/// Makes a call. Gives its status and the beginning of its body. No message holds the URL: it may carry a token.
pub(super) async fn call(call: &HttpCall, seconds: u64) -> Result<(u16, String), String> {
    let method = match call.method.as_str() {
        "GET" => reqwest::Method::GET,
        "POST" => reqwest::Method::POST,
        "PUT" => reqwest::Method::PUT,
        _ => return Err("the method must be GET, POST or PUT".to_owned()),
    };
    let limit = Duration::from_secs(seconds);
    let client = client(limit).ok_or_else(|| "no HTTP client can be made on this system".to_owned())?;
    let told = |error: &reqwest::Error| if error.is_timeout() { "no answer in time" } else { "no connection" };
    let mut response = client.request(method, &call.url).send().await.map_err(|error| told(&error).to_owned())?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < MAX_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MAX_BYTES);
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A client for things in the house: no proxy, no redirect.
pub(super) fn client(limit: Duration) -> Option<reqwest::Client> {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(limit).build().ok()
}
