//! OPS-4: the operator looks for tenants by a text.

use scenarios::{Gate, Value, json, unique};

/// The ids that are found, page by page, and how many pages that took.
#[track_caller]
fn found(query: &str) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = Gate::shared().admin().get(&format!("/v1/tenants?{query}{cursor}")).expect(200);
        let tenants = page["tenants"].as_array().unwrap_or_else(|| panic!("{page}"));
        ids.extend(tenants.iter().map(|tenant| tenant["id"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, pages),
        }
    }
}

#[test]
fn ops_4_tenants_are_looked_for_by_id_company_and_display_name_in_any_case() {
    let mark = unique("q").to_lowercase();
    let admin = Gate::shared().admin();
    let make = |id: &str, company: &str, display_name: &str| {
        let body = json!({"id": id, "company": company, "display_name": display_name});
        admin.post("/v1/tenants", &body).expect(201);
        id.to_owned()
    };
    let by_id = make(&format!("Shop-{mark}"), "acme", "");
    let by_company = make(&unique("tenant-"), &format!("House.{mark}"), "A host");
    let by_name = make(&unique("tenant-"), "acme", &format!("Zoë & Söhne {mark}"));
    let all = [by_id.clone(), by_company.clone(), by_name.clone()];
    let check = |text: &str, expected: &[String]| assert_eq!(found(&format!("q={text}")).0, expected, "{text}");
    check(&mark, &all);
    check(&mark.to_uppercase(), &all);
    check(&format!("shop-{mark}"), std::slice::from_ref(&by_id));
    check(&format!("HOUSE.{mark}"), std::slice::from_ref(&by_company));
    check(&format!("zo%C3%8B%20%26+S%C3%B6HNE%20{mark}"), std::slice::from_ref(&by_name));
    check(&format!("{mark}{mark}"), &[]);
    let (ids, pages) = found(&format!("q={mark}&limit=1"));
    assert!(ids == all && pages >= 3, "{ids:?} on {pages} pages");
    admin.delete(&format!("/v1/tenants/{by_company}")).expect(204);
    check(&mark, &[by_id, by_name]);
    // An emptied field looks for nothing: all are there.
    assert_eq!(found("q=&limit=200").0, found("limit=200").0);
}

#[test]
fn ops_4_a_text_that_is_too_long_is_refused() {
    let admin = Gate::shared().admin();
    let ask = |text: String| admin.get(&format!("/v1/tenants?q={text}"));
    ask("x".repeat(100)).expect(200);
    ask("%C3%A9".repeat(100)).expect(200);
    for text in ["x".repeat(101), "%C3%A9".repeat(101)] {
        let error: Value = ask(text).refused(400, "invalid_request");
        assert_eq!(error["param"], "q");
    }
}
