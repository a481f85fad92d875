//! Tenants, companies and their caps, which change while they are in use.

use calendar::Millis;
use kv_schemas::families;
use limits::Scope;
use money::PriceRow;
use serde_json::{Map, Value as Json, json};
use tenancy::{Company, Limits, Tenant};

use crate::{rng::Rng, world::World};

pub struct Tenants {
    tenants: Vec<Tenant>,
    companies: Vec<Company>,
    sessions: u64,
}

impl Tenants {
    pub fn found(world: &World, rng: &mut Rng, count: usize) -> Self {
        let companies: Vec<_> =
            (0..2).map(|i| Company { id: format!("c{i}"), limits: some_limits(rng, count as u64) }).collect();
        let tenants: Vec<_> = (0..count)
            .map(|i| {
                let mut tenant = Tenant::new(&format!("t{i}"), &companies[i % 2].id);
                tenant.limits = some_limits(rng, 1);
                tenant
            })
            .collect();
        let rows: Vec<_> = [("seconds", "0.01"), ("input_tokens", "0.0001"), ("output_tokens", "0.0003")]
            .map(|(unit, usd)| PriceRow { valid_from: "2026-01-01".into(), ..PriceRow::new("v", "*", unit, usd) })
            .into();
        families::PRICES.value(&["v"]).set(&world.memory, &rows).expect("a store in memory");
        let new = Self { tenants, companies, sessions: 0 };
        (0..2).for_each(|i| new.write_company(world, i));
        (0..count).for_each(|i| new.write_tenant(world, i));
        new
    }

    /// A tenant, and one of its sessions if a page calls.
    pub fn somebody(&mut self, rng: &mut Rng) -> (String, Option<String>) {
        let tenant = rng.pick(&self.tenants).id.clone();
        if rng.once_in(3) {
            return (tenant, None);
        }
        self.sessions += u64::from(rng.once_in(10));
        let number = self.sessions.saturating_sub(rng.below(4));
        let session = format!("ses_{tenant}_{number}");
        (tenant, Some(session))
    }

    /// Somebody's caps change, up or down; and now and then a tenant is deleted, with all it holds.
    pub fn change(&mut self, world: &World, rng: &mut Rng) {
        match rng.below(12) {
            0..=2 => {
                let i = rng.below(2) as usize;
                self.companies[i].limits = some_limits(rng, self.tenants.len() as u64);
                world.remark(format!("the caps of {} change: {:?}", self.companies[i].id, self.companies[i].limits));
                self.write_company(world, i);
            }
            3 if self.tenants.len() > 1 => {
                let gone = self.tenants.swap_remove(rng.below(self.tenants.len() as u64) as usize);
                world.remark(format!("{} is deleted", gone.id));
                tenancy::tenant(&gone.id).delete(&world.memory).expect("a store in memory");
            }
            _ => {
                let i = rng.below(self.tenants.len() as u64) as usize;
                self.tenants[i].limits = some_limits(rng, 1);
                world.remark(format!("the caps of {} change: {:?}", self.tenants[i].id, self.tenants[i].limits));
                self.write_tenant(world, i);
            }
        }
    }

    fn write_company(&self, world: &World, i: usize) {
        let company = &self.companies[i];
        tenancy::put_company(&world.memory, Millis(0), company, &tenancy::Unlogged).expect("a store in memory");
        world.ghost.borrow_mut().limits_changed(Scope::Company, &company.id, company.limits.clone(), world.elapsed());
        // What a tenant doesn't set may come from here.
        (0..self.tenants.len()).filter(|t| self.tenants[*t].company == company.id).for_each(|t| self.tell(world, t));
    }

    fn write_tenant(&self, world: &World, i: usize) {
        let tenant = &self.tenants[i];
        tenancy::tenant(&tenant.id).set(&world.memory, tenant).expect("a store in memory");
        self.tell(world, i);
    }

    fn tell(&self, world: &World, i: usize) {
        let tenant = &self.tenants[i];
        let company = self.companies.iter().find(|company| company.id == tenant.company);
        let limits = company.map_or(tenant.limits.clone(), |company| tenant.limits.or_defaults_of(&company.limits));
        world.ghost.borrow_mut().limits_changed(Scope::Tenant, &tenant.id, limits, world.elapsed());
    }
}

/// Some caps, and some not; for so many tenants together.
fn some_limits(rng: &mut Rng, share: u64) -> Limits {
    let mut json = Map::new();
    let mut maybe = |rng: &mut Rng, name: &str, value: Json| {
        if rng.once_in(2) {
            json.insert(name.into(), value);
        }
    };
    let usd = |cents: u64| Json::from(format!("{}.{:02}", cents / 100, cents % 100));
    let cents = rng.between(50, 6_000) * share;
    maybe(rng, "monthly_cost_usd", usd(cents));
    let seconds = rng.between(20, 1_500) * share;
    let tokens = rng.between(500, 60_000) * share;
    maybe(rng, "daily_units", json!({"seconds": seconds, "tokens": tokens}));
    let burst = rng.between(1, 6) * share;
    maybe(rng, "burst", burst.into());
    let wait = rng.between(0, 3_000);
    maybe(rng, "queue_wait_ms", wait.into());
    let cents = rng.between(10, 200);
    maybe(rng, "session_cost_usd", usd(cents));
    let seconds = rng.between(10, 120);
    maybe(rng, "session_units", json!({"seconds": seconds}));
    serde_json::from_value(Json::Object(json)).expect("these are limits")
}
