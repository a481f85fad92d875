//! `cargo xtask up`: from a fresh clone to a page that talks through the gate, in one command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::build;
use crate::process;
use crate::stack::{Options, Programs, Stack, Vendors};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// Use the real vendors: starts no mocks and binds none
    #[arg(long)]
    live: bool,
    /// Address of the gate
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Folder of the gate's data and the development keys [default: .tollgate in the repository]
    #[arg(long)]
    data: Option<PathBuf>,
}

pub fn run(workspace: &Workspace, args: Args) -> Result<ExitCode> {
    build::everything(workspace)?;
    let data = args.data.unwrap_or_else(|| workspace.root.join(".tollgate"));
    let vendors = if args.live { Vendors::Live } else { Vendors::Mock };
    let options = Options { listen: args.listen, data: std::path::absolute(data)?, vendors, log: None };
    let mut stack = Stack::start(&Programs::of(workspace), &options)?;
    println!("{}", banner(&stack, &options));
    while !process::interrupted() {
        stack.check_alive()?;
        thread::sleep(Duration::from_millis(100));
    }
    eprintln!("stopping ...");
    stack.stop()?;
    eprintln!("stopped; the data stays in {}", options.data.display());
    Ok(ExitCode::SUCCESS)
}

fn banner(stack: &Stack, options: &Options) -> String {
    let url = stack.url();
    let (publishable, secret) =
        stack.keys.demo.as_ref().map_or(("", ""), |keys| (&keys.publishable_key, &keys.secret_key));
    let admin = &stack.keys.admin_key;
    let vendors = match &stack.mocks_url {
        Some(mocks) => format!("  mock vendors       {mocks} (nothing costs anything)"),
        None => format!(
            "  vendors            live: give the tenant a real key, for instance
    curl -sX PUT {url}/v1/tenants/demo/vendors/openai -H 'Authorization: Bearer {admin}' \\
      -H 'Content-Type: application/json' \\
      -d '{{\"mode\": \"live\", \"base_url\": null, \"secret\": \"<the key>\", \"options\": {{}}}}'"
        ),
    };
    format!(
        "
Tollgate is up.

  demo pages         {url}/  {url}/demo/shop  {url}/demo/portal
  console            {url}/console (with the admin key or a secret key)
  interface          GET  {url}/v1/openapi.json
  sessions           POST {url}/v1/sessions
  chat               POST {url}/v1/chat/completions
  usage              GET  {url}/v1/usage
  audit              GET  {url}/v1/audit/entries
  health             GET  {url}/health
{vendors}
  data               {data}

Keys of this development gate (kept in {data}/dev-keys.json):
  publishable key    {publishable}
  secret key         {secret}
  admin key          {admin}

Try it:
  curl -s {url}/v1/chat/completions -H 'Authorization: Bearer {secret}' \\
    -H 'Content-Type: application/json' \\
    -d '{{\"model\": \"gpt-5.4-mini\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'

Ctrl-C stops it.
",
        data = options.data.display(),
    )
}
