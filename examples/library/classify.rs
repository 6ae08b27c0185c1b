// The same as classify.c in Rust, over the C interface and without a crate. Here the sequences come
// from the caller, one after the other; memory is bounded.
//   rustc -O classify.rs -l virnucpro && ./classify < sequences.txt      (one sequence a line)
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::io::BufRead;

#[repr(C)]
struct Sequence {
    id: *const c_char,
    id_length: usize,
    bases: *const c_char,
    bases_length: usize,
}

#[repr(C)]
struct Call {
    sequence: u64,
    id: *const c_char,
    id_length: usize,
    length: u64,
    chunks: u64,
    scored_chunks: u64,
    frames: u64,
    viral_chunks: u64,
    mean_p_virus: f64,
    max_p_virus: f32,
    p_calibrated: f64,
    is_virus: c_int,
    outcome: c_int,
    reason: *const c_char,
}

#[repr(C)]
struct Receiver {
    user: *mut c_void,
    chunk: Option<extern "C" fn(*mut c_void, *const c_void) -> c_int>,
    sequence: Option<extern "C" fn(*mut c_void, *const Call) -> c_int>,
    progress: Option<extern "C" fn(*mut c_void, *const c_void) -> c_int>,
}

type Next = extern "C" fn(*mut c_void, *mut Sequence) -> c_int;

extern "C" {
    fn virnucpro_last_error() -> *const c_char;
    fn virnucpro_options_new() -> *mut c_void;
    fn virnucpro_options_set(o: *mut c_void, name: *const c_char, value: *const c_char) -> c_int;
    fn virnucpro_options_free(options: *mut c_void);
    fn virnucpro_predictor_new(options: *const c_void, predictor: *mut *mut c_void) -> c_int;
    fn virnucpro_predictor_free(predictor: *mut c_void);
    fn virnucpro_predictor_run(
        predictor: *mut c_void,
        next: Next,
        next_user: *mut c_void,
        receiver: *const Receiver,
        stop: *const c_void,
        totals: *mut c_void,
    ) -> c_int;
}

/// What the source of the sequences keeps between its calls.
struct Input {
    lines: std::io::Lines<std::io::StdinLock<'static>>,
    id: String,
    bases: String,
    count: usize,
}

extern "C" fn next(user: *mut c_void, to: *mut Sequence) -> c_int {
    let input = unsafe { &mut *(user as *mut Input) };
    match input.lines.next() {
        None => return 0,
        Some(Err(_)) => return -1, // ends the run
        Some(Ok(line)) => input.bases = line,
    }
    input.count += 1;
    input.id = format!("line_{}", input.count);
    unsafe {
        *to = Sequence {
            id: input.id.as_ptr() as *const c_char,
            id_length: input.id.len(),
            bases: input.bases.as_ptr() as *const c_char,
            bases_length: input.bases.len(),
        };
    }
    1
}

extern "C" fn print_call(_user: *mut c_void, call: *const Call) -> c_int {
    let call = unsafe { &*call };
    let id = unsafe { CStr::from_ptr(call.id) }.to_string_lossy();
    let word = if call.is_virus != 0 { "virus" } else { "others" };
    println!("{}\t{}\t{:.4}\t{}", id, call.length, call.p_calibrated, word);
    0
}

fn require(status: c_int) {
    if status != 0 {
        let text = unsafe { CStr::from_ptr(virnucpro_last_error()) };
        eprintln!("classify: {}", text.to_string_lossy());
        std::process::exit(status);
    }
}

fn main() {
    let name = CString::new("threads").unwrap();
    let value = CString::new("1").unwrap();
    let mut input = Input {
        lines: std::io::stdin().lock().lines(),
        id: String::new(),
        bases: String::new(),
        count: 0,
    };
    let receiver = Receiver {
        user: std::ptr::null_mut(),
        chunk: None,
        sequence: Some(print_call),
        progress: None,
    };
    let mut predictor = std::ptr::null_mut();
    unsafe {
        let options = virnucpro_options_new();
        require(virnucpro_options_set(options, name.as_ptr(), value.as_ptr()));
        require(virnucpro_predictor_new(options, &mut predictor));
        virnucpro_options_free(options);
        require(virnucpro_predictor_run(
            predictor,
            next,
            &mut input as *mut Input as *mut c_void,
            &receiver,
            std::ptr::null(),
            std::ptr::null_mut(),
        ));
        virnucpro_predictor_free(predictor);
    }
}
