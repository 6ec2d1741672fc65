//! Writes the seeds of every target to `corpus/TARGET/`, where the fuzzing engine begins: `cargo run --example seed`.

use std::fs;
use std::io;
use std::path::Path;

use bonafide_fuzz::targets;

fn main() -> io::Result<()> {
    for target in targets::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        for (position, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{position:02}")), seed)?;
        }
        println!("{}: {} seeds", target.name, seeds.len());
    }
    Ok(())
}
