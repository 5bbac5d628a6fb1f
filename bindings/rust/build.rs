// SPDX-License-Identifier: BSD-2-Clause
//
// Says where libpoolkind is: in the folder that POOLKIND_LIB_DIR names, as that
// of a build tree, or else where pkg-config finds it.

use std::process::{exit, Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["POOLKIND_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    match std::env::var("POOLKIND_LIB_DIR") {
        Ok(folder) => search(&folder),
        Err(_) => ask_pkg_config(),
    }
    println!("cargo:rustc-link-lib=dylib=poolkind");
}

fn search(folder: &str) {
    println!("cargo:rustc-link-search=native={folder}");
}

fn ask_pkg_config() {
    let program = std::env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let said = match Command::new(&program)
        .args(["--libs-only-L", "libpoolkind"])
        .output()
    {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => give_up(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => give_up(&format!("{program}: {error}")),
    };
    String::from_utf8_lossy(&said)
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("-L"))
        .for_each(search);
}

fn give_up(why: &str) -> ! {
    eprintln!("libpoolkind is not found: {}", why.trim());
    eprintln!("install it, or set POOLKIND_LIB_DIR to the folder of libpoolkind.so");
    exit(1)
}
