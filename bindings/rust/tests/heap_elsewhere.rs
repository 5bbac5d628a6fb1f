// SPDX-License-Identifier: BSD-2-Clause
//
// A heap whose kind cannot be opened at first, and later can: what came from
// ordinary memory until then goes back there.

use poolkind::{Kind, KindAlloc};

#[global_allocator]
static HEAP: KindAlloc = KindAlloc::new("@heap");

#[test]
fn ordinary_memory_until_there_is_the_kind() {
    let mut early = vec![1u8; 100_000];
    let error = HEAP.open().unwrap_err();
    assert!(error.to_string().contains("heap"), "{error}");

    let file = std::env::temp_dir().join(format!("poolkind-heap-{}.conf", std::process::id()));
    std::fs::write(&file, "kind heap = dram,limit=1G,name=late\n").unwrap();
    std::env::set_var("POOLKIND_CONFIG", &file);
    assert_eq!(Kind::open("@heap").unwrap().name(), "late");
    let error = Kind::open("@none").unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
    let heap = HEAP.open().unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(heap.name(), "late");

    let late = vec![2u8; 100_000];
    assert!(heap.contains(late.as_ptr()) && !heap.contains(early.as_ptr()));
    early.resize(200_000, 1);
    assert!(early.iter().all(|&byte| byte == 1));
    drop(late);
    drop(early);
    assert!(heap.contains(vec![3u8; 100].as_ptr()));
}

/// What the compiler says of a static is said here when it runs.
#[test]
fn a_text_that_no_kind_can_have() {
    static LONG: [u8; 1024] = [b'x'; 1024];
    for text in ["dram\0", std::str::from_utf8(&LONG).unwrap()] {
        assert!(std::panic::catch_unwind(|| KindAlloc::new(text)).is_err());
    }
}
