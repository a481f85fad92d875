//! Recipes: what a tenant writes down to have it performed, again and again.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::{
    check::{Known, check},
    error::Invalid,
    fields::{Fields, ID},
    ids::is_id,
    json,
    step::{Step, Work, parse_steps},
};

const MAX_TITLE: usize = 200;
const MAX_DESCRIPTION: usize = 2_000;

/// A tenant's named recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Chosen by the tenant.
    pub id: String,
    /// For people.
    pub title: String,
    /// For people; may be empty.
    pub description: String,
    /// At least one.
    pub steps: Vec<Step>,
}

impl Project {
    /// Reads a recipe, as `PUT /v1/projects/{id}` takes it.
    ///
    /// # Errors
    /// It names the first field that is wrong.
    pub fn parse(id: &str, body: &Json) -> Result<Self, Invalid> {
        if !is_id(id) {
            return Err(Invalid::new("id", ID));
        }
        let fields = Fields::of("", body)?;
        fields.only(&["id", "title", "description", "steps"])?;
        if fields.text("id", MAX_TITLE)?.is_some_and(|named| named != id) {
            return Err(Invalid::new("id", "must be the one in the path, or absent"));
        }
        let title = fields.text("title", MAX_TITLE)?.unwrap_or(id).to_owned();
        let description = fields.text("description", MAX_DESCRIPTION)?.unwrap_or_default().to_owned();
        let steps = parse_steps(fields.get("steps").unwrap_or(&Json::Null))?;
        if steps.is_empty() {
            return Err(Invalid::new("steps", "must have at least one step"));
        }
        check(&steps, &Known::default())?;
        Ok(Self { id: id.into(), title, description, steps })
    }

    /// Bytes in memory, roughly.
    pub(crate) fn weight(&self) -> usize {
        const STEP: usize = 512;
        let step = |step: &Step| match &step.work {
            Work::Job { input, .. } => json::weight_of_fields(input).saturating_add(STEP),
            Work::Gate { .. } => STEP,
        };
        self.steps.iter().map(step).fold(0, usize::saturating_add)
    }

    /// As the HTTP interface shows it.
    #[must_use]
    pub fn show(&self) -> Json {
        let steps: Vec<_> = self.steps.iter().map(Step::show).collect();
        json!({ "id": self.id, "title": self.title, "description": self.description, "steps": steps })
    }
}
