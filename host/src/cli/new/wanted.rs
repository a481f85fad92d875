//! A new tenant as the gate is asked for it: little may be spent until somebody says otherwise.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

#[derive(Args)]
pub struct Wanted {
    /// The tenant's name, for good: letters, digits, dots, dashes and underscores.
    pub tenant: String,
    /// Who pays; by default a company of the tenant's name.
    #[arg(long)]
    company: Option<String>,
    /// As people read it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Where the page is, such as https://shop.example.com. May be given again.
    #[arg(long = "origin", required = true, value_name = "ORIGIN")]
    pub origins: Vec<String>,
    /// What the page is.
    #[arg(long, value_enum, default_value = "widget")]
    pub channel: Channel,
    /// Chat by this vendor, such as openai or openai/gpt-5.4-mini.
    #[arg(long, value_name = "VENDOR[/MODEL]")]
    pub chat: Option<String>,
    /// What a month may cost, in USD.
    #[arg(long, default_value = "5.00", value_name = "USD")]
    monthly: String,
    /// What one visitor's session may cost, in USD.
    #[arg(long, default_value = "0.25", value_name = "USD")]
    session: String,
    /// Calls under way at once.
    #[arg(long, default_value_t = 5, value_name = "N")]
    burst: u64,
}

/// What a page is.
#[derive(Clone, Copy, ValueEnum)]
pub enum Channel {
    Widget,
    Portal,
    Landing,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Portal => "portal",
            Self::Landing => "landing",
        }
    }
}

impl Wanted {
    /// The body of the request, once it would be taken.
    pub fn body(&self) -> Result<Value> {
        let mut vendors = Map::new();
        if let Some(chat) = &self.chat {
            let choice = match chat.split_once('/') {
                Some((provider, model)) => json!({"provider": provider, "model": model}),
                None => json!({"provider": chat}),
            };
            vendors.insert("chat".into(), choice);
        }
        let body = json!({
            "id": self.tenant,
            "company": self.company.as_ref().unwrap_or(&self.tenant),
            "display_name": self.display_name.as_ref().unwrap_or(&self.tenant),
            "allowed_origins": self.origins,
            "channels": [self.channel.name()],
            "capabilities": ["chat"],
            "limits": {
                "monthly_cost_usd": self.monthly,
                "session_cost_usd": self.session,
                "burst": self.burst,
                "requests_per_minute": 30,
                "request_burst": 10,
            },
            "ladder": {"throttle_at": 0.8, "text_only_at": 0.95},
            "vendors": vendors,
        });
        // The gate's own rules, before it is asked: a wrong option is named, and nothing is sent.
        match tenancy::parse_tenant(&body) {
            Ok(_) => Ok(body),
            Err(wrong) => bail!("{}: {}", option_of(&wrong.param), wrong.message),
        }
    }
}

/// What the gate calls by its field, by its option.
fn option_of(field: &str) -> &str {
    let options = [
        ("id", "the tenant's name"),
        ("company", "--company"),
        ("display_name", "--display-name"),
        ("allowed_origins", "--origin"),
        ("limits.monthly_cost_usd", "--monthly"),
        ("limits.session_cost_usd", "--session"),
        ("limits.burst", "--burst"),
        ("vendors.chat", "--chat"),
    ];
    options.iter().find(|(known, _)| field.starts_with(known)).map_or(field, |(_, option)| option)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            tenant: "shop".into(),
            company: None,
            display_name: None,
            origins: vec!["https://shop.example.com".into()],
            channel: Channel::Widget,
            chat: Some("openai/gpt-5.4-mini".into()),
            monthly: "5.00".into(),
            session: "0.25".into(),
            burst: 5,
        }
    }

    #[test]
    fn lim_1_a_new_tenant_has_small_caps() {
        let body = wanted().body().unwrap();
        assert_eq!(body["limits"]["monthly_cost_usd"], "5.00");
        assert_eq!(body["company"], "shop");
        assert_eq!(body["vendors"]["chat"], json!({"provider": "openai", "model": "gpt-5.4-mini"}));
        let of_vendor = Wanted { chat: Some("openai".into()), ..wanted() };
        assert_eq!(of_vendor.body().unwrap()["vendors"]["chat"], json!({"provider": "openai"}));
    }

    #[test]
    fn ops_4_what_is_wrong_is_named_by_its_option() {
        let check = |wanted: Wanted, option: &str| {
            let said = wanted.body().unwrap_err().to_string();
            assert!(said.starts_with(option), "{option}: {said}");
        };
        check(Wanted { tenant: "a shop".into(), ..wanted() }, "the tenant's name");
        check(Wanted { origins: vec!["shop.example.com".into()], ..wanted() }, "--origin");
        check(Wanted { monthly: "much".into(), ..wanted() }, "--monthly");
        check(Wanted { session: "-1".into(), ..wanted() }, "--session");
        check(Wanted { burst: 0, ..wanted() }, "--burst");
        check(Wanted { chat: Some("Open AI".into()), ..wanted() }, "--chat");
    }
}
