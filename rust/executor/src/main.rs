//! The executor's process: started by the node over one inherited socket.

fn main() {
    println!("daicho-executor {}", env!("CARGO_PKG_VERSION"));
}
