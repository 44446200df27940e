//! `make generated`: writes anew what is derived from `crds/` and the chart.

fn main() -> anyhow::Result<()> {
    harness::generated::derive(harness::repository())
}
