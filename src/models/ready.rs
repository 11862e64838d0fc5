//! Whether a model could answer now: asked of the server without asking the model.
//!
//! A box that is awake is not ready: its model may be missing, still on its way into memory, or its server bound to a place
//! where nobody else reaches it. Ollama tells by its lists (`/api/tags`, `/api/ps`), llama.cpp and vLLM by `/health` and
//! their list of models.

use std::time::Duration;

use serde_json::Value;

use super::ollama;
use super::provider::{Api, OpenAiOptions};
use super::wire::is_refused;

/// These questions are answered at once, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// No list of models is longer.
const MAX_BYTES: usize = 1_000_000;

/// What is known of a model at its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    /// It is in memory: the next answer begins at once.
    Yes,
    /// It is on its way into memory.
    Loading,
    /// The server has it, not in memory: the first answer loads it.
    NotLoaded,
    /// The server does not have it.
    Missing,
    /// The host answers, the server does not: it is not running, or bound to its own host only.
    NotListening,
    /// The host does not answer.
    Unreachable,
    /// The server does not say: a hosted one, or one with another interface.
    Unknown,
}

/// What one question came to.
enum Said {
    Json(Value),
    Status(u16),
    Refused,
    Silent,
}

/// Whether the model of `options` could answer now. Takes a few seconds at most.
pub async fn loaded(options: &OpenAiOptions) -> Loaded {
    let Ok(client) = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
        .build()
    else {
        return Loaded::Unknown;
    };
    let root = ollama::root(&options.base_url);
    let key = options.api_key.as_ref().map(super::Secret::expose);
    let ask = |path: String| ask(&client, path, key);
    match options.api {
        Api::Anthropic => Loaded::Unknown,
        Api::Ollama => {
            let has = match ask(format!("{root}/api/tags")).await {
                Said::Json(tags) => named(&tags["models"], "name", &options.model),
                other => return other.without_list(),
            };
            if !has {
                return Loaded::Missing;
            }
            match ask(format!("{root}/api/ps")).await {
                Said::Json(running) if named(&running["models"], "name", &options.model) => Loaded::Yes,
                Said::Json(_) => Loaded::NotLoaded,
                other => other.without_list(),
            }
        }
        Api::OpenAi => {
            let health = ask(format!("{root}/health")).await;
            match health {
                Said::Refused | Said::Silent => return health.without_list(),
                Said::Status(503) => return Loaded::Loading,
                Said::Json(_) | Said::Status(_) => {}
            }
            match ask(format!("{}/models", options.base_url.trim_end_matches('/'))).await {
                Said::Json(list) if named(&list["data"], "id", &options.model) => Loaded::Yes,
                // llama.cpp serves one model, under whatever name it is asked for.
                Said::Json(list) if list["data"][0]["owned_by"] == "llamacpp" => Loaded::Yes,
                Said::Json(list) if list["data"].is_array() => Loaded::Missing,
                other => other.without_list(),
            }
        }
    }
}

impl Said {
    fn without_list(&self) -> Loaded {
        match self {
            Self::Refused => Loaded::NotListening,
            Self::Silent => Loaded::Unreachable,
            Self::Status(503) => Loaded::Loading,
            Self::Json(_) | Self::Status(_) => Loaded::Unknown,
        }
    }
}

async fn ask(client: &reqwest::Client, url: String, key: Option<&str>) -> Said {
    let mut request = client.get(url);
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) if is_refused(&error) => return Said::Refused,
        Err(_) => return Said::Silent,
    };
    if !response.status().is_success() {
        return Said::Status(response.status().as_u16());
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            break;
        }
    }
    serde_json::from_slice(&body).map_or(Said::Status(200), Said::Json)
}

/// True when a list of models has this one; Ollama's tag `latest` may be left out.
fn named(models: &Value, member: &str, wanted: &str) -> bool {
    let plain = |name: &str| name.strip_suffix(":latest").unwrap_or(name).to_lowercase();
    models
        .as_array()
        .is_some_and(|all| all.iter().any(|model| model[member].as_str().is_some_and(|n| plain(n) == plain(wanted))))
}
