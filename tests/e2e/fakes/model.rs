//! The fake model: what it answers, what it bills, and how it fails.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use states::words::text::count_words;

use crate::harness::answers;
use crate::harness::client;
use crate::harness::invent::News;
use crate::harness::model::{FakeModel, Fault, Task};

async fn ask(model: &FakeModel, schema: &str, prompt: &str) -> Result<Response, reqwest::Error> {
    let body = json!({
        "model": "fake-writer",
        "messages": [{"role": "system", "content": "Answer with JSON."}, {"role": "user", "content": prompt}],
        "response_format": {"type": "json_schema", "json_schema": {"name": schema, "schema": {}}},
    });
    client().post(model.url("/v1/chat/completions")).json(&body).send().await
}

async fn content(model: &FakeModel, schema: &str, prompt: &str) -> Value {
    let reply: Value = ask(model, schema, prompt).await.unwrap().json().await.unwrap();
    serde_json::from_str(reply["choices"][0]["message"]["content"].as_str().unwrap()).unwrap()
}

/// A drafting prompt over invented news, with the sentences that can be cited, from 1.
fn drafting(order: &str, seeds: &[u64], words: usize) -> (String, Vec<String>) {
    let mut prompt = format!(
        "{order}\nTags on offer: databases, release, tools.\n\nWhat the article is about:\n<<data 1>>\nprimary keyword: index\n<</data 1>>\n"
    );
    let mut shown = Vec::new();
    for seed in seeds {
        let news = News::of(*seed, words);
        prompt.push_str("\nSource (primary):\n<<data 2>>\n");
        let url = format!("https://a.example/{seed}");
        let fixed = [("Title: ", news.title.as_str()), ("Author: ", &news.author), ("URL: ", &url)];
        let body = news.paragraphs.iter().flatten().map(|s| ("", s.as_str()));
        for (name, text) in fixed.into_iter().chain(body) {
            shown.push(text.to_owned());
            prompt.push_str(&format!("[{}] {name}{text}\n", shown.len()));
        }
        prompt.push_str("<</data 2>>\n");
    }
    (prompt, shown)
}

/// Every `{text, cites}` of an answer.
fn cited(value: &Value, found: &mut Vec<(String, Vec<usize>)>) {
    match value {
        Value::Object(members) if members.contains_key("cites") => {
            let cites = members["cites"].as_array().unwrap();
            let cites = cites.iter().map(|n| usize::try_from(n.as_u64().unwrap()).unwrap()).collect();
            found.push((members["text"].as_str().unwrap().to_owned(), cites));
        }
        Value::Object(members) => members.values().for_each(|v| cited(v, found)),
        Value::Array(items) => items.iter().for_each(|v| cited(v, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_story_quotes_numbered_sentences_word_for_word_and_is_long_enough() {
    let model = FakeModel::start();
    let (prompt, shown) = drafting("Write one story in full.", &[3], 1700);
    let draft = content(&model, "draft", &prompt).await;
    let mut sentences = Vec::new();
    cited(&draft, &mut sentences);
    let mut quotations = 0;
    for (text, cites) in &sentences {
        let Some((_, quotation)) = text.split_once('“') else { continue };
        quotations += 1;
        assert_eq!(quotation.trim_end_matches('”'), shown[cites[0] - 1]);
    }
    assert!(quotations > 60, "{quotations} quotations");
    let words: usize = sentences.iter().map(|(text, _)| count_words(text)).sum();
    assert!(words >= 1400, "{words} words");
    assert!(draft["sections"].as_array().unwrap().len() >= 2);
    assert_eq!(draft["tags"], json!(["databases", "release"]));
    let title = draft["title"]["text"].as_str().unwrap();
    assert!(title.contains(&shown[0]) && title.to_lowercase().contains("index"), "{title}");
    let description = draft["description"]["text"].as_str().unwrap();
    assert!(description.contains("index") && description.len() <= 170, "{description}");
    let summary: usize =
        draft["summary"].as_array().unwrap().iter().map(|s| count_words(s["text"].as_str().unwrap())).sum();
    assert!((1..=60).contains(&summary));
}

#[tokio::test]
async fn a_digest_has_one_short_section_for_each_source_under_its_title() {
    let model = FakeModel::start();
    let (prompt, shown) = drafting("Write a digest: one section for each source.", &[1, 2, 3, 4], 400);
    let draft = content(&model, "draft", &prompt).await;
    let sections = draft["sections"].as_array().unwrap();
    assert_eq!(sections.len(), 4);
    for section in sections {
        let heading = section["heading"]["text"].as_str().unwrap();
        let cite = usize::try_from(section["heading"]["cites"][0].as_u64().unwrap()).unwrap();
        assert_eq!(heading, shown[cite - 1]);
        let mut sentences = Vec::new();
        cited(&section["paragraphs"], &mut sentences);
        assert!((2..=12).contains(&sentences.len()), "{} sentences", sentences.len());
    }
}

#[test]
fn sources_are_told_apart_with_and_without_names_of_their_fixed_lines() {
    let named = "a\n[1] Title: One\n[2] Date: 2026-01-02\n[3] URL: https://a.example\n[4] # A heading of five words\n\
                 [5] Five words stand in here.\nb\n[7] Title: Two\n[8] URL: https://b.example\n[9] Five words stand in there.";
    let bare = "a\n[1] One\n[2] 2026-01-02\n[3] https://a.example\n[5] Five words stand in here.\nSome left out\n\
                [6] More of the first one here.\nb\n[7] Two\n[8] https://b.example\n[9] Five words stand in there.";
    for (prompt, bodies) in [(named, [vec![5], vec![9]]), (bare, [vec![5, 6], vec![9]])] {
        let sources = answers::sources(prompt);
        let titles: Vec<(u64, &str)> = sources.iter().map(|s| (s.title.number, s.title.text.as_str())).collect();
        assert_eq!(titles, [(1, "One"), (7, "Two")]);
        let found: Vec<Vec<u64>> = sources.iter().map(|s| s.body.iter().map(|b| b.number).collect()).collect();
        assert_eq!(found, bodies);
    }
    assert!(answers::sources("[x] no number\n[1]\nplain").is_empty());
    assert!(answers::draft("nothing numbered").is_none());
}

#[tokio::test]
async fn triage_takes_its_keywords_from_the_title_and_its_relevance_from_the_test() {
    let model = FakeModel::start();
    model.relevance("Velodebase", 12);
    let one =
        content(&model, "triage", "- `title`: rules\nTitle: Tarnwick 4.12 released with faster index rebuilds").await;
    assert_eq!((one["relevance"].as_u64(), one["kind"].as_str()), (Some(80), Some("release")));
    assert_eq!(one["keywords"][0], "tarnwick");
    let two = content(&model, "triage", "Title: How Velodebase works").await;
    assert_eq!((two["relevance"].as_u64(), two["kind"].as_str()), (Some(12), Some("tutorial")));
}

#[tokio::test]
async fn a_judge_gives_the_points_that_it_is_told() {
    let model = FakeModel::start();
    model.judges_next(&[59, 100]);
    for expected in [59, 100, 92, 92] {
        let score = content(&model, "judge", "…").await;
        let parts = ["grounding", "structure", "intent", "voice"].map(|part| score[part].as_u64().unwrap());
        assert_eq!(parts.iter().sum::<u64>(), expected);
        for (part, most) in parts.into_iter().zip([30, 25, 25, 20]) {
            assert!(part <= most, "{score}");
        }
    }
}

#[tokio::test]
async fn each_answer_is_billed_once_and_equal_questions_have_equal_keys() {
    let model = FakeModel::start();
    model.price(100, 1000);
    for prompt in ["Title: A", "Title: B", "Title: A"] {
        ask(&model, "triage", prompt).await.unwrap();
    }
    let bills = model.ledger().of("billed");
    assert_eq!(bills.len(), 3);
    assert_eq!(model.billed(Task::Triage), 3);
    assert_eq!(model.ledger().repeated("billed"), [(bills[0].key.clone(), 2)].into());
    let detail = &bills[1].detail;
    let (input, output) = (detail["prompt_tokens"].as_u64().unwrap(), detail["completion_tokens"].as_u64().unwrap());
    assert_eq!(input, "Answer with JSON.\nTitle: B".len().div_ceil(4) as u64);
    assert_eq!(detail["nano_usd"], input * 100 + output * 1000);
    assert_eq!(model.bill(), bills.iter().map(|b| b.detail["nano_usd"].as_u64().unwrap()).sum::<u64>());
}

#[tokio::test]
async fn faults_come_in_order_and_only_what_was_answered_is_billed() {
    let model = FakeModel::start();
    model.fail_next(1, 500);
    model.next(1, Fault::RateLimit("17".into()));
    model.next_of(Task::Judge, 1, Fault::Status(503));
    let get = async || ask(&model, "triage", "Title: A").await;
    assert_eq!(get().await.unwrap().status(), 500);
    let limited = get().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "17"));
    assert_eq!(get().await.unwrap().status(), 200);
    assert_eq!(ask(&model, "judge", "x").await.unwrap().status(), 503);
    assert_eq!((model.ledger().count("asked"), model.ledger().count("billed")), (4, 1));

    model.next(1, Fault::DropAfterBilling);
    assert!(get().await.is_err());
    assert_eq!(model.ledger().count("billed"), 2);
    for thousandths in [0, 1, 500, 999] {
        model.next(1, Fault::CutReply(thousandths));
        let cut = get().await.unwrap();
        assert_eq!(cut.status(), 200);
        assert!(cut.text().await.is_err(), "cut at {thousandths}");
    }
    assert_eq!(model.ledger().count("billed"), 6);
}

#[tokio::test]
async fn bad_answers_are_bad_in_the_way_that_was_asked_for() {
    let model = FakeModel::start();
    let get = async || ask(&model, "triage", "Title: Something").await.unwrap().json::<Value>().await.unwrap();
    let good = get().await;
    assert_eq!(good["choices"][0]["finish_reason"], "stop");
    for fault in [Fault::Garbage, Fault::Say("no".into()), Fault::Refuse, Fault::CutOff, Fault::Clip] {
        model.next(1, fault);
    }
    let text = |reply: &Value| reply["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
    assert!(serde_json::from_str::<Value>(&text(&get().await)).is_err());
    assert_eq!(text(&get().await), "no");
    let refused = get().await;
    assert!(refused["choices"][0]["message"]["refusal"].is_string() && text(&refused).is_empty());
    let cut = get().await;
    assert_eq!(cut["choices"][0]["finish_reason"], "length");
    assert!(text(&good).starts_with(&text(&cut)) && text(&cut).len() < text(&good).len());
    let clipped = get().await;
    assert!(clipped["usage"]["prompt_tokens"].as_u64() < good["usage"]["prompt_tokens"].as_u64());
    assert_eq!(text(&clipped), text(&good));
    assert_eq!(get().await, good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_is_billed_all_the_same() {
    let soon = Duration::from_secs(5);
    let model = Arc::new(FakeModel::start());
    let asking = || {
        let model = model.clone();
        tokio::spawn(async move { ask(&model, "triage", "Title: A").await.map(|reply| reply.status().as_u16()) })
    };
    model.delay(Duration::from_millis(200));
    let gone = asking();
    assert!(model.ledger().wait_for("asked", 1, soon));
    gone.abort();
    assert_eq!(model.ledger().count("billed"), 0);
    assert!(model.ledger().wait_for("billed", 1, soon));
    let (asked, billed) = (&model.ledger().of("asked")[0], &model.ledger().of("billed")[0]);
    assert!(asked.key == billed.key && billed.at - asked.at >= Duration::from_millis(195));

    model.delay(Duration::ZERO);
    model.hang(true);
    let hanging = asking();
    assert!(model.ledger().wait_for("asked", 2, soon));
    model.hang(false);
    assert_eq!(asking().await.unwrap().unwrap(), 200);
    assert!(!hanging.is_finished());
    hanging.abort();
    assert_eq!(model.ledger().count("billed"), 2);
}

#[tokio::test]
async fn unknown_models_and_wrong_keys_are_refused() {
    let model = FakeModel::start();
    model.only(&["other"]);
    assert_eq!(ask(&model, "triage", "x").await.unwrap().status(), 404);
    let list: Value = client().get(model.url("/v1/models")).send().await.unwrap().json().await.unwrap();
    assert_eq!(list["data"][0]["id"], "other");
    model.require_key("k-1");
    assert_eq!(ask(&model, "triage", "x").await.unwrap().status(), 401);
    let with_key = client().get(model.url("/v1/models")).bearer_auth("k-1").send().await.unwrap();
    assert_eq!(with_key.status(), 200);
    assert_eq!((model.ledger().count("asked"), model.ledger().count("refused")), (0, 2));
}

#[tokio::test]
async fn ollama_is_spoken_too_and_clips_in_silence() {
    let model = FakeModel::start();
    let mut body = json!({
        "model": "fake-writer",
        "messages": [{"role": "user", "content": format!("Title: Long text\n{}", "word ".repeat(400))}],
        "format": {"type": "object", "properties": {"relevance": {}, "confidence_percent": {}}},
        "options": {"num_ctx": 4096},
        "stream": false,
    });
    let ask = async |body: &Value| client().post(model.url("/api/chat")).json(body).send().await.unwrap();
    let whole: Value = ask(&body).await.json().await.unwrap();
    assert_eq!((whole["prompt_eval_count"].as_u64(), whole["done_reason"].as_str()), (Some(505), Some("stop")));
    let answer: Value = serde_json::from_str(whole["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(answer["relevance"], 80);
    body["options"]["num_ctx"] = 128.into();
    let clipped: Value = ask(&body).await.json().await.unwrap();
    assert_eq!(clipped["prompt_eval_count"], 128);
    // Unless it is asked not to, Ollama streams.
    body.as_object_mut().unwrap().remove("stream");
    let lines = ask(&body).await.text().await.unwrap();
    let parts: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let joined: String = parts.iter().map(|p| p["message"]["content"].as_str().unwrap()).collect();
    assert_eq!(joined, whole["message"]["content"].as_str().unwrap());
    assert_eq!(parts.last().unwrap()["done"], true);
}

#[tokio::test]
async fn anthropic_is_spoken_too_and_bills_what_is_cached_apart() {
    let model = FakeModel::start();
    model.require_key("k-1");
    model.price(1_000, 5_000);
    let rules = "rule ".repeat(1_000);
    let body = |question: &str, stream: bool| {
        json!({
            "model": "fake-judge", "max_tokens": 100, "stream": stream,
            "system": [{"type": "text", "text": rules, "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": question}]}],
            "output_config": {"format": {"type": "json_schema", "schema": {"properties": {"grounding": {}}}}},
        })
    };
    let ask = async |question: &str, stream: bool| {
        let request = client().post(model.url("/v1/messages")).header("x-api-key", "k-1");
        request.header("anthropic-version", "2023-06-01").json(&body(question, stream)).send().await.unwrap()
    };
    let first: Value = ask("one", false).await.json().await.unwrap();
    let counts = |usage: &Value| {
        ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map(|n| usage[n].as_u64().unwrap())
    };
    assert_eq!(counts(&first["usage"]), [1, 1_250, 0]);
    assert!(first["content"][1]["text"].as_str().unwrap().contains("grounding"));
    let second: Value = ask("two", false).await.json().await.unwrap();
    assert_eq!((counts(&second["usage"]), &second["stop_reason"]), ([1, 0, 1_250], &json!("end_turn")));
    let written = second["usage"]["output_tokens"].as_u64().unwrap();
    assert_eq!(model.ledger().of("billed")[1].detail["nano_usd"], 1_000 + 125_000 + 5_000 * written);
    // Streamed it is the same.
    let events = ask("two", true).await.text().await.unwrap();
    let data: Vec<Value> =
        events.lines().filter_map(|l| l.strip_prefix("data: ")).map(|d| serde_json::from_str(d).unwrap()).collect();
    let text: String = data.iter().filter_map(|e| e["delta"]["text"].as_str()).collect();
    assert_eq!(text, second["content"][1]["text"].as_str().unwrap());
    assert_eq!(data.last().unwrap()["type"], "message_stop");
    let unversioned = client().post(model.url("/v1/messages")).header("x-api-key", "k-1").json(&body("x", false));
    assert_eq!(unversioned.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_shared_beginning_is_cached_where_that_has_a_price() {
    let model = FakeModel::start();
    model.price(1_000, 0);
    let ask = async |question: &str| {
        let text = "rule ".repeat(1_000) + question;
        let body = json!({"model": "fake-judge", "messages": [{"role": "user", "content": text}]});
        let request = client().post(model.url("/v1/chat/completions")).json(&body);
        let said: Value = request.send().await.unwrap().json().await.unwrap();
        ["/prompt_tokens", "/prompt_tokens_details/cached_tokens"]
            .map(|member| said["usage"].pointer(member).and_then(Value::as_u64).unwrap())
    };
    assert_eq!(ask("one").await, [1_251, 0]);
    assert_eq!(ask("two").await, [1_251, 0], "nothing is cached until it has a price");
    model.bills_like_hosted(10);
    assert_eq!(ask("three").await, [1_252, 0]);
    assert_eq!(ask("four").await, [1_251, 1_152], "in steps of 128");
    assert_eq!(model.ledger().of("billed")[3].detail["nano_usd"], 99 * 1_000 + 1_152 * 10);
}

#[tokio::test]
async fn a_stream_adds_up_to_the_whole_answer() {
    let model = FakeModel::start();
    let whole = content(&model, "judge", "x").await;
    let body = json!({
        "model": "fake-judge", "stream": true, "messages": [{"role": "user", "content": "x"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "judge"}},
    });
    let text = client().post(model.url("/v1/chat/completions")).json(&body).send().await.unwrap().text().await.unwrap();
    let chunks: Vec<&str> = text.split("\n\n").filter_map(|e| e.strip_prefix("data: ")).collect();
    assert_eq!(chunks.last(), Some(&"[DONE]"));
    let joined: String = chunks[..chunks.len() - 1]
        .iter()
        .map(|c| serde_json::from_str::<Value>(c).unwrap())
        .filter_map(|c| c["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&joined).unwrap(), whole);
}

#[tokio::test]
async fn replies_have_the_types_of_a_real_clients_library() {
    use async_openai::types::chat::{CreateChatCompletionResponse, FinishReason};
    use async_openai::types::embeddings::CreateEmbeddingResponse;
    let model = FakeModel::start();
    let post = async |path: &str, body: Value| {
        client().post(model.url(path)).json(&body).send().await.unwrap().text().await.unwrap()
    };
    let question = json!({"model": "fake-judge", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2});
    let reply: CreateChatCompletionResponse =
        serde_json::from_str(&post("/v1/chat/completions", question).await).unwrap();
    assert_eq!(reply.choices[0].finish_reason, Some(FinishReason::Length));
    assert_eq!(reply.usage.unwrap().completion_tokens, 2);
    let texts = json!({"model": "fake-embedder", "input": "Hello"});
    let reply: CreateEmbeddingResponse = serde_json::from_str(&post("/v1/embeddings", texts).await).unwrap();
    assert_eq!(reply.data[0].embedding.len(), 96);
}

#[tokio::test]
async fn embeddings_of_like_texts_are_near() {
    let model = FakeModel::start();
    let body = json!({"model": "fake-embedder", "input": ["index rebuild in a database", "database index rebuild", "a wet dog barks"]});
    let reply: Value =
        client().post(model.url("/v1/embeddings")).json(&body).send().await.unwrap().json().await.unwrap();
    let vector = |n: usize| -> Vec<f64> {
        reply["data"][n]["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    assert!(near(&vector(0), &vector(1)) > 0.95);
    assert!(near(&vector(0), &vector(2)) < 0.5);
    assert_eq!(model.ledger().count("embedded"), 1);
}
