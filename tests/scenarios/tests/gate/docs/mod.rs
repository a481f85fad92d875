//! What the pages under `docs/` say is so: their commands run, and their tables name what there is and nothing else.

mod codes;
mod commands;
mod links;
mod page;
mod settings;
mod source;
mod tours;
