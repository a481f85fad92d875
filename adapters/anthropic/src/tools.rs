//! Tools, and which of them the model may call.

use adapter::Fields;
use chat::{Request, Settings, ToolChoice};
use serde::Serialize;

#[derive(Serialize)]
pub struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Fields,
}

impl<'a> From<&'a chat::Tool> for Tool<'a> {
    /// A function without parameters has a schema all the same: the vendor wants one, and it must say that it is an
    /// object's.
    fn from(tool: &'a chat::Tool) -> Self {
        let parameters = tool.parameters.as_ref().map(|schema| schema.get().as_bytes());
        let mut input_schema = parameters.and_then(|schema| Fields::parse(schema).ok()).unwrap_or_default();
        if input_schema.raw("type").is_none() {
            input_schema.set("type", &"object");
        }
        Self { name: &tool.name, description: tool.description.as_deref(), input_schema }
    }
}

#[derive(Serialize)]
pub struct Choice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

/// `None` where the vendor's own choice will do.
pub fn choice<'a>(request: &Request, settings: &'a Settings) -> Option<Choice<'a>> {
    let one_at_a_time = settings.parallel_tool_calls == Some(false);
    if request.tools.is_empty() || (settings.tool_choice.is_none() && !one_at_a_time) {
        return None;
    }
    let (kind, name) = match settings.tool_choice.as_ref().unwrap_or(&ToolChoice::Auto) {
        ToolChoice::Auto => ("auto", None),
        ToolChoice::None => ("none", None),
        ToolChoice::Required => ("any", None),
        ToolChoice::Function(name) => ("tool", Some(name.as_str())),
    };
    Some(Choice { kind, name, disable_parallel_tool_use: one_at_a_time && kind != "none" })
}
