//! `POST /api/metatwin/economy/register`: who earns by a twin, and under which terms.

use ::twins::parse_licence;
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host};

use super::{body, take_id};
use crate::{
    access::Who,
    refuse,
    twins::{changing, found},
};

/// The creator gets what the split says, the platform the rest.
pub async fn register(call: &Call, store: &KeyValue, who: &Who) -> Result<Reply, Problem> {
    let mut body = body(call)?;
    let twin = found(store, who, &take_id(&mut body)?)?;
    if let Some(fields) = body.as_object_mut()
        && let Some(options) = fields.shift_remove("licensing_options")
    {
        fields.insert("options".into(), options);
    }
    let asked = parse_licence(&body, host::now()).map_err(named)?;
    let twin = changing(call, |at| ::twins::license(at, &twin.tenant, asked.clone())).await?;
    let data = json!({
        "mtid": twin.id,
        "creatorWallet": asked.creator_wallet,
        "licensingOptions": {
            "allowCommercialUse": asked.options.allow_commercial_use,
            "allowModifications": asked.options.allow_modifications,
        },
        "royaltySplit": { "creator": asked.creator_share, "platform": 100_u8.saturating_sub(asked.creator_share) },
    });
    let message = "MetaTwin registered in economy successfully";
    Ok(Reply::json(200, &json!({ "success": true, "message": message, "data": data })))
}

fn named(mut invalid: tenancy::Invalid) -> Problem {
    if let Some(rest) = invalid.param.strip_prefix("options") {
        invalid.param = format!("licensing_options{rest}");
    }
    refuse::invalid(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_by_where_it_stood() {
        let invalid = |param: &str| named(tenancy::Invalid::new(param, "is not a known field")).param;
        assert_eq!(invalid("options.x").as_deref(), Some("licensing_options.x"));
        assert_eq!(invalid("creator_wallet").as_deref(), Some("creator_wallet"));
    }
}
