//! Tools, which the page runs itself. Hosted ones are billed by the call, and not offered.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use serde_json::value::RawValue;

use crate::limits;

/// A function the model may call.
#[derive(Debug, Clone)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    /// A JSON Schema object, as it was written.
    pub parameters: Option<Box<RawValue>>,
}

/// Reads `tools`.
pub fn read(request: &Fields) -> Result<Vec<Tool>, PlanError> {
    let tools = list(request, "tools")?;
    for (index, tool) in tools.iter().enumerate() {
        if tool.get::<String>("type").as_deref() != Some("function") {
            return Err(PlanError::invalid(format!("tools[{index}].type"), "must be \"function\""));
        }
    }
    tools.iter().enumerate().map(|(index, tool)| read_tool(tool, &format!("tools[{index}].function"))).collect()
}

fn read_tool(tool: &Fields, at: &str) -> Result<Tool, PlanError> {
    let function = tool.get::<Fields>("function").unwrap_or_default();
    let name: Option<String> = function.get("name");
    let name = name
        .filter(|name| adapter::is_id(name, 64, "_-"))
        .ok_or_else(|| PlanError::invalid(format!("{at}.name"), "must be 1 to 64 letters, digits, _ or -"))?;
    if function.raw("parameters").is_some() && function.get::<Fields>("parameters").is_none() {
        return Err(PlanError::invalid(format!("{at}.parameters"), "must be an object without repeated names"));
    }
    Ok(Tool { name, description: function.get("description"), parameters: function.get("parameters") })
}

/// An array of objects; empty when absent.
pub fn list(request: &Fields, name: &str) -> Result<Vec<Fields>, PlanError> {
    if request.raw(name).is_none() {
        return Ok(Vec::new());
    }
    let list: Option<Vec<Fields>> = request.get(name);
    list.filter(|list| list.len() <= limits::MAX_TOOLS)
        .ok_or_else(|| PlanError::invalid(name, "must be an array of at most 128 objects"))
}
