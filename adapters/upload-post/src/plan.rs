//! Plans an upload and a look at it.
//!
//! Options: `user` (the only profile that may publish; without it the page names one), `platforms` (those on offer),
//! `privacy_level` (TikTok's, `SELF_ONLY`), `youtube_privacy` (`private`), `is_aigc` (true; a job with a disclosure is
//! marked whatever it says).

use adapter::prelude::*;
use adapter::{Call, Fields, Form, Header, Job, Options, PlanError, Quantity, Unit, is_id, is_public_url};

/// The platforms whose names are known for sure.
const PLATFORMS: [&str; 4] = ["tiktok", "instagram", "youtube", "facebook"];

/// The longest title and description of any platform, in characters.
const MAX_TITLE: usize = 2_200;
const MAX_DESCRIPTION: usize = 5_000;

/// The upstream request that hands a video over.
pub fn start(job: &Job, options: &str) -> Result<Call, PlanError> {
    if job.kind != "publish_video" {
        return Err(PlanError::invalid("kind", "must be publish_video"));
    }
    let input = Fields::parse(&job.input).map_err(|_| PlanError::invalid("input", "must be a JSON object"))?;
    let known = ["user", "platforms", "title", "video", "description", "scheduled_date"];
    if !input.names().all(|name| known.contains(&name)) {
        return Err(PlanError::invalid("input", format!("must have no other fields than {}", known.join(", "))));
    }
    let settings = Options::parse(options)?;
    let platforms = platforms(&input, options)?;

    let mut form = Form::default();
    form.text("user", user(&input, &settings)?);
    for platform in &platforms {
        form.text("platform[]", platform.clone());
    }
    form.text("title", text(&input, "title", MAX_TITLE)?.ok_or_else(|| missing("title", MAX_TITLE))?);
    form.text("video", video(&input)?);
    if let Some(description) = description(job, &input)? {
        form.text("description", description);
    }
    if input.raw("scheduled_date").is_some() {
        form.text("scheduled_date", scheduled(&input)?);
    }
    // Without it the answer comes when the last platform is done, which takes longer than the gate waits.
    form.text("async_upload", "true");
    if job.disclosure.is_some() || aigc(options)? {
        form.text("is_aigc", "true");
    }
    form.text("privacy_level", privacy(&settings, "privacy_level", "SELF_ONLY")?);
    if platforms.iter().any(|platform| platform == "youtube") {
        form.text("privacyStatus", privacy(&settings, "youtube_privacy", "private")?);
    }

    let (boundary, body) =
        form.encode(&job.id).ok_or_else(|| PlanError::invalid("input", "must not be full of boundaries"))?;
    let mut call = Call::get("/api/upload");
    call.method = "POST";
    call.headers.push(Header::new("content-type", format!("multipart/form-data; boundary={boundary}")));
    call.body = body;
    // If we crash between the call and its answer, the repeat must not publish twice.
    call.idempotency_header = Some("Idempotency-Key");
    call.worst_case = vec![Quantity::new(Unit::Requests, platforms.len() as u64)];
    Ok(call)
}

/// The upstream request that looks at an upload, by whichever id the vendor gave it.
pub fn look(id: &str) -> Result<Call, PlanError> {
    let (name, own) = match id.split_once(':') {
        Some(("request", own)) => ("request_id", own),
        Some(("job", own)) => ("job_id", own),
        _ => ("", ""),
    };
    if !is_upload(own) {
        return Err(PlanError::invalid("id", "must be the vendor's id of an upload"));
    }
    Ok(Call::get(format!("/api/uploadposts/status?{name}={own}")))
}

/// Whether `id` can be one of the vendor's.
pub fn is_upload(id: &str) -> bool {
    is_id(id, 128, "_-")
}

/// A binding that names a profile keeps the page to it: else one visitor could publish as another.
fn user(input: &Fields, settings: &Options) -> Result<String, PlanError> {
    let fine = |user: &String| is_id(user, 100, "_-.@+");
    let asked = match input.raw("user") {
        None => None,
        Some(_) => {
            let user = input.get("user").filter(fine);
            Some(user.ok_or_else(|| PlanError::invalid("input.user", "must be the name of a profile"))?)
        }
    };
    match (settings.text("user")?, asked) {
        (Some(bound), _) if !fine(&bound) => Err(PlanError::invalid("options.user", "must be the name of a profile")),
        (Some(bound), Some(asked)) if bound != asked => {
            Err(PlanError::invalid("input.user", "must be the binding's own profile"))
        }
        (Some(bound), _) => Ok(bound),
        (None, Some(asked)) => Ok(asked),
        (None, None) => Err(PlanError::invalid("input.user", "must be given, or set in the binding's options")),
    }
}

fn platforms(input: &Fields, options: &str) -> Result<Vec<String>, PlanError> {
    let offered = setting(options, "platforms", "must be a list of names")?
        .unwrap_or_else(|| PLATFORMS.map(ToOwned::to_owned).into());
    if !offered.iter().all(|name: &String| is_id(name, 32, "_-")) {
        return Err(PlanError::invalid("options.platforms", "must be a list of names"));
    }
    let asked: Vec<String> = input.get("platforms").unwrap_or_default();
    // One after another: a platform that stands twice would be paid for and posted to twice.
    let once = asked.iter().enumerate().all(|(at, name)| !asked.iter().take(at).any(|earlier| earlier == name));
    if asked.is_empty() || !once || !asked.iter().all(|name| offered.contains(name)) {
        return Err(PlanError::invalid("input.platforms", format!("must be a list of {}", offered.join(", "))));
    }
    Ok(asked)
}

fn video(input: &Fields) -> Result<String, PlanError> {
    let url = input.get("video").filter(|url: &String| is_public_url(url));
    url.ok_or_else(|| PlanError::invalid("input.video", "must be a public https address"))
}

/// What the page has written, and beneath it that an AI is shown: not every platform knows the mark.
fn description(job: &Job, input: &Fields) -> Result<Option<String>, PlanError> {
    let own = text(input, "description", MAX_DESCRIPTION)?;
    Ok(match (own, &job.disclosure) {
        (Some(own), Some(label)) => Some(format!("{own}\n\n{label}")),
        (own, label) => own.or_else(|| label.clone()),
    })
}

fn scheduled(input: &Fields) -> Result<String, PlanError> {
    let date = input.get("scheduled_date").filter(|date: &String| {
        let is_day = date.len() >= 10 && date.starts_with(|c: char| c.is_ascii_digit());
        is_day && is_id(date, 40, "-:.+")
    });
    date.ok_or_else(|| PlanError::invalid("input.scheduled_date", "must be a date such as 2026-12-25T10:00:00Z"))
}

fn text(input: &Fields, name: &str, most: usize) -> Result<Option<String>, PlanError> {
    if input.raw(name).is_none() {
        return Ok(None);
    }
    let fine = |text: &String| {
        !text.trim().is_empty()
            && text.chars().count() <= most
            && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    };
    input.get(name).filter(fine).map(Some).ok_or_else(|| missing(name, most))
}

fn missing(name: &str, most: usize) -> PlanError {
    PlanError::invalid(format!("input.{name}"), format!("must have 1 to {most} characters"))
}

fn privacy(settings: &Options, name: &str, default: &str) -> Result<String, PlanError> {
    let level = settings.text(name)?.unwrap_or_else(|| default.to_owned());
    if is_id(&level, 40, "_") {
        return Ok(level);
    }
    Err(PlanError::invalid(format!("options.{name}"), "must be the name of a privacy level"))
}

/// Whether a job without a disclosure is marked as AI-made too.
fn aigc(options: &str) -> Result<bool, PlanError> {
    let wrong = || PlanError::invalid("options.is_aigc", "must be true or false");
    let options = fields(options)?;
    if options.raw("is_aigc").is_none() { Ok(true) } else { options.get("is_aigc").ok_or_else(wrong) }
}

fn setting(options: &str, name: &str, expected: &str) -> Result<Option<Vec<String>>, PlanError> {
    let options = fields(options)?;
    match (options.raw(name), options.get(name)) {
        (None, _) => Ok(None),
        (_, Some(list)) => Ok(Some(list)),
        (_, None) => Err(PlanError::invalid(format!("options.{name}"), expected)),
    }
}

fn fields(options: &str) -> Result<Fields, PlanError> {
    Fields::parse(options.as_bytes()).map_err(|_| PlanError::invalid("options", "must be a JSON object"))
}
