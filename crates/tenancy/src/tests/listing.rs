//! The list of tenants: page by page, and who looks for one finds it in bounded work.

use calendar::Millis;
use kv_schemas::{Store, families, memory::Memory};
use serde_json::json;

use super::crashes::{keys, spec};
use crate::*;

const NOW: Millis = Millis(1_000_000);

#[test]
fn the_list_is_paged_in_the_order_of_making() {
    let store = Memory::default();
    for (i, id) in ["a", "b", "c", "d"].iter().enumerate() {
        create(&store, NOW, &spec(id), &keys(i), &Unlogged).unwrap();
    }
    delete(&store, NOW, "b", &Unlogged).unwrap();
    let check = |after: u64, limit: usize, ids: &[&str], next: Option<u64>| {
        let page = list(&store, after, limit, None).unwrap();
        assert_eq!(page.tenants.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ids);
        assert_eq!(page.next, next);
    };
    check(0, 10, &["a", "c", "d"], None);
    check(0, 2, &["a", "c"], Some(3));
    check(3, 2, &["d"], None);
    check(99, 2, &[], None);
    check(u64::MAX, 2, &[], None);
}

/// A tenant with these names.
fn named(store: &Memory, n: usize, id: &str, company: &str, display_name: &str) {
    let tenant = parse_tenant(&json!({"id": id, "company": company, "display_name": display_name})).unwrap();
    create(store, NOW, &tenant, &keys(n), &Unlogged).unwrap();
}

fn found(store: &Memory, text: &str, after: u64, limit: usize) -> (Vec<String>, Option<u64>) {
    let page = list(store, after, limit, Some(&Search::parse(text).unwrap())).unwrap();
    (page.tenants.into_iter().map(|tenant| tenant.id).collect(), page.next)
}

#[test]
fn ops_4_a_text_is_looked_for_in_id_company_and_display_name_in_any_case() {
    let store = Memory::default();
    named(&store, 1, "ada-shop", "Acme", "The host of Ada's shop");
    named(&store, 2, "Casino", "bets.r.us", "Zoë Straße ÉTÉ");
    named(&store, 3, "gone", "acme", "Ada");
    named(&store, 4, "plain", "other", "");
    delete(&store, NOW, "gone", &Unlogged).unwrap();
    let check = |text: &str, ids: &[&str]| {
        assert_eq!(found(&store, text, 0, 10), (ids.iter().map(|id| (*id).to_owned()).collect(), None), "{text}");
    };
    check("ada", &["ada-shop"]);
    check("ADA'S S", &["ada-shop"]);
    check("acme", &["ada-shop"]);
    check("casino", &["Casino"]);
    check("R.US", &["Casino"]);
    check("ZOË", &["Casino"]);
    check("été", &["Casino"]);
    check("o", &["ada-shop", "Casino", "plain"]);
    check("", &["ada-shop", "Casino", "plain"]);
    // Each field by itself, and nothing but these.
    check("acmeThe", &[]);
    check("sleeping", &[]);
    check("widget", &[]);
    check("%", &[]);
    check(".*", &[]);
}

#[test]
fn ops_4_who_looks_for_tenants_goes_on_page_by_page() {
    let store = Memory::default();
    for n in 1..=9 {
        named(&store, n, &format!("{}-{n}", if n % 3 == 0 { "shop" } else { "club" }), "c", "");
    }
    assert_eq!(found(&store, "shop", 0, 2), (vec!["shop-3".into(), "shop-6".into()], Some(6)));
    // Made meanwhile.
    named(&store, 10, "shop-10", "c", "");
    assert_eq!(found(&store, "SHOP", 6, 2), (vec!["shop-9".into(), "shop-10".into()], None));
    assert_eq!(found(&store, "shop", 10, 2), (vec![], None));
}

#[test]
fn ops_4_one_page_of_a_search_looks_at_two_thousand_five_hundred_places() {
    let store = Memory::default();
    let log = families::TENANT_LIST.log::<String>(&[]);
    for n in 1..=5_001 {
        let id = format!("t{n:05}");
        log.append(&store, &id).unwrap();
        store.set(&format!("tenant/{id}"), format!(r#"{{"id":"{id}","company":"c"}}"#).as_bytes()).unwrap();
    }
    named(&store, 1, "wanted", "c", "");
    let look = |after: u64| {
        // The tail, and two operations for each place; a few for who is found.
        store.fail_after(1 + 2 * 2_500 + 5);
        let page = found(&store, "wanted", after, 50);
        store.recover();
        page
    };
    assert_eq!(look(0), (vec![], Some(2_500)));
    assert_eq!(look(2_500), (vec![], Some(5_000)));
    assert_eq!(look(5_000), (vec!["wanted".into()], None));
}

#[test]
fn ops_4_a_text_to_look_for_has_a_hundred_characters_at_most() {
    let check = |text: String, refused: Option<&str>| {
        assert_eq!(Search::parse(&text).err().map(|invalid| invalid.param).as_deref(), refused, "{text}");
    };
    check("x".repeat(100), None);
    check("é".repeat(100), None);
    check("x".repeat(101), Some("q"));
    check("é".repeat(101), Some("q"));
}
