//! What has happened by the time that a gate starts on the folder.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow, ensure};
use audit::{MAX_RUN, Retention, Signer, Staged, sequence};
use calendar::Millis;
use kv_schemas::{StoreError, families};
use limits::{Holder, Reservation, Used, charge, close, reap, reserve};
use money::{PriceRow, Quantity};
use serde_json::{from_value, json};
use tenancy::{Event, Journal, NewKeys, Tenant};

use super::cells::Cells;
use super::{COMPANY, LOG_ORIGIN, ORIGIN, PUBLISHABLE_KEY, SECRET_KEY, TENANT};

/// How long all of it has taken, by its own clock; it ended a minute ago.
const LASTED_MS: u64 = 600_000;
const ENDED_MS: u64 = 60_000;
/// Permits that are held outlast what is measured.
const HELD_MS: u64 = calendar::DAY;
const PROVIDER: &str = "openai";
const MODEL: &str = "gpt-5.4-mini";

/// Goes on, step by step.
pub struct History<'a> {
    cells: &'a Cells,
    signer: Signer,
    now: Millis,
    drawn: Cell<u64>,
    pub sequenced: Duration,
    pub reaped: Duration,
}

impl<'a> History<'a> {
    /// A new gate with prices.
    pub fn begin(cells: &'a Cells) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = Millis(u64::try_from(now.as_millis())? - ENDED_MS - LASTED_MS);
        let price = |unit: &str, usd: &str| PriceRow::new(PROVIDER, MODEL, unit, usd);
        let rows = vec![
            price("input_tokens", "0.00000075"),
            price("cached_input_tokens", "0.000000075"),
            price("output_tokens", "0.0000045"),
        ];
        families::PRICES.value(&[PROVIDER]).set(cells, &rows)?;
        tenancy::company(COMPANY)
            .set(cells, &from_value(json!({"id": COMPANY, "limits": {"monthly_cost_usd": "9000000"}}))?)?;
        let signer = Signer::new(LOG_ORIGIN, [7; 32]).map_err(|error| anyhow!("{error}"))?;
        Ok(Self { cells, signer, now, drawn: Cell::new(0), sequenced: Duration::ZERO, reaped: Duration::ZERO })
    }

    /// So many tenants, the one of the calls among them.
    pub fn tenants(&mut self, count: u64) -> Result<()> {
        for n in 0..count.max(1) {
            let (id, keys) = match n {
                0 => (TENANT.to_owned(), [PUBLISHABLE_KEY.to_owned(), SECRET_KEY.to_owned()]),
                _ => (format!("tenant-{n}"), ["tg_pk_", "tg_sk_"].map(|kind| format!("{kind}{n:064x}"))),
            };
            let origin = if n == 0 { ORIGIN.to_owned() } else { format!("https://page-{n}.example") };
            let tenant: Tenant = from_value(json!({
                "id": id, "company": COMPANY, "display_name": "Bench", "allowed_origins": [origin],
                "limits": {"monthly_cost_usd": "1000000", "burst": 1_000_000, "requests_per_minute": 1_000_000, "request_burst": 1_000_000},
                "vendors": {"chat": {"provider": PROVIDER, "model": MODEL}},
            }))?;
            let [publishable, secret] = keys;
            tenancy::create(self.cells, self.now, &tenant, &NewKeys { publishable, secret }, self)
                .map_err(|error| anyhow!("tenant {id}: {error:?}"))?;
            if n % u64::from(MAX_RUN) == 0 {
                self.maintain()?;
            }
        }
        self.maintain()
    }

    /// So many calls from beginning to end, with the maintenance's rounds between them.
    pub fn calls(&mut self, count: u64) -> Result<()> {
        let began = self.now;
        for n in 1..=count {
            self.now = began.plus(LASTED_MS * n / count);
            let id = self.reserve(30_000, "chat")?;
            let used = [Quantity::new("input_tokens", 9), Quantity::new("output_tokens", 10)];
            let failed = |fault| anyhow!("settling {id}: {fault:?}");
            let permit = charge(self.cells, &id, &Used::Actual(used.into())).map_err(failed)?;
            let entry = permit.entry().ok_or_else(|| anyhow!("{id} has no entry"))?;
            let salts = [self.random(), self.random()];
            let staged = Staged::new(entry, salts, permit.session.clone(), permit.request_id.clone());
            let stage = audit::append(self.cells, &staged)?;
            close(self.cells, &id, stage).map_err(failed)?;
            if n % u64::from(MAX_RUN) == 0 {
                self.maintain()?;
            }
        }
        self.maintain()
    }

    /// So many permits that are still held.
    pub fn hold(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            self.reserve(HELD_MS, "chat")?;
        }
        self.maintain()
    }

    /// What the maintenance does while nothing happens, so that a gate doesn't begin with it.
    pub fn rest(&mut self) -> Result<()> {
        let retention = Retention::parse("money=90 session=30 admin=365")?;
        for _ in 0..3 {
            self.now = self.now.plus(16_000);
            audit::retain(self.cells, self.now, &retention, u32::MAX)?;
        }
        Ok(())
    }

    fn reserve(&self, ttl_ms: u64, capability: &str) -> Result<String> {
        let id = self.id("lc_");
        let asked = Reservation {
            tenant: TENANT.into(),
            session: Some("ses_01KAJ00000000000000000BENCH".into()),
            credential: "ses_01KAJ00000000000000000BENCH".into(),
            server: false,
            holder: Holder::Gate,
            capability: capability.into(),
            provider: PROVIDER.into(),
            model: MODEL.into(),
            channel: "widget".into(),
            request_id: self.id("req_"),
            worst_case: vec![Quantity::new("input_tokens", 40), Quantity::new("output_tokens", 64)],
            ttl_ms,
            idempotency_key: None,
            continues: None,
            counted: true,
            ticket: None,
        };
        reserve(self.cells, self.now, &id, &asked).map_err(|denial| anyhow!("reserving {id}: {denial:?}"))?;
        Ok(id)
    }

    /// Everything that is staged gets its place, and every permit that is over leaves the list.
    fn maintain(&mut self) -> Result<()> {
        let started = Instant::now();
        let mut left = u64::MAX;
        while left > 0 {
            let progress = sequence(self.cells, self.now, MAX_RUN, &self.signer)?;
            let waiting = progress.staged + (progress.size - progress.published);
            ensure!(waiting < left, "the log doesn't go on: {progress:?}");
            left = waiting;
        }
        self.sequenced += started.elapsed();
        let started = Instant::now();
        loop {
            let reaped = reap(self.cells, self.now, 0)?;
            if let Some(error) = reaped.failed {
                return Err(error.into());
            }
            if !reaped.more {
                break;
            }
        }
        self.reaped += started.elapsed();
        Ok(())
    }

    /// A ULID's shape: the time, then what tells it from others.
    fn id(&self, prefix: &str) -> String {
        let digits = |mut number: u128| {
            let alphabet = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
            let mut text = [b'0'; 26];
            for place in text.iter_mut().rev() {
                *place = alphabet[(number % 32) as usize];
                number /= 32;
            }
            String::from_utf8_lossy(&text).into_owned()
        };
        let apart = u128::from_le_bytes(self.random()) >> 48;
        format!("{prefix}{}", digits(u128::from(self.now.0) << 80 | apart))
    }

    /// Bytes that look random, and are the same each time (SplitMix64).
    fn random(&self) -> [u8; 16] {
        let next = || {
            self.drawn.set(self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut z = self.drawn.get();
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        (u128::from(next()) << 64 | u128::from(next())).to_le_bytes()
    }
}

impl Journal for History<'_> {
    fn note(&self, event: &Event) -> Result<(), StoreError> {
        let entry = audit::Entry {
            v: audit::VERSION,
            tenant_id: event.tenant.clone(),
            company: event.company.clone(),
            event_type: event.event_type.into(),
            limit_check_id: event.id.clone().unwrap_or_else(|| self.id("evt_")),
            at_ms: self.now,
            details: event.details.clone(),
            ..audit::Entry::default()
        };
        let staged = Staged::new(entry, [self.random(), self.random()], None, self.id("req_"));
        audit::append(self.cells, &staged).map(drop)
    }
}
