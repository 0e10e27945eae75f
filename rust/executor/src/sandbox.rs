//! The walls around the process that sees plaintext (design §1): no network,
//! no other program, no file outside its home, no core file, no new
//! privileges. What the kernel lacks is named, never passed over in silence.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{SeccompAction, SeccompFilter, apply_filter};

/// System calls the executor needs once it runs; every other one fails with
/// EPERM. No socket, no exec, no clone, no ptrace is among them.
const ALLOWED_CALLS: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_close,
    libc::SYS_openat,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_fcntl,
    libc::SYS_renameat2,
    libc::SYS_rename,
    libc::SYS_unlink,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What confines this process, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    walls: Vec<&'static str>,
    gaps: Vec<String>,
}

impl Confinement {
    /// `landlock+seccomp+…; denied: …`, or `unconfined: …` with every gap.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.gaps.as_slice() {
            [] => self.walls.join("+"),
            gaps => format!(
                "unconfined: {} (in force: {})",
                gaps.join(", "),
                self.walls.join("+")
            ),
        }
    }

    fn record(&mut self, wall: &'static str, result: Result<(), String>) {
        match result {
            Ok(()) => self.walls.push(wall),
            Err(gap) => self.gaps.push(format!("{wall} failed: {gap}")),
        }
    }
}

/// Raises the walls, then tries each from inside. `home` stays readable and
/// writable.
#[must_use]
pub fn confine(home: &Path) -> Confinement {
    let mut found = Confinement {
        walls: Vec::new(),
        gaps: Vec::new(),
    };
    found.record("no-core", forbid_core_files());
    found.record("landlock", restrict_files(home));
    found.record("seccomp", restrict_calls());
    for (attempt, succeeded) in probe::attempts() {
        if succeeded {
            found.gaps.push(format!("{attempt} went through"));
        }
    }
    if found.gaps.is_empty() {
        found.walls.push("probed");
    }
    found
}

fn restrict_files(home: &Path) -> Result<(), String> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules([home], AccessFs::from_all(abi))))
        .and_then(|rules| rules.restrict_self())
        .map_err(|error| error.to_string())?;
    if status.ruleset == RulesetStatus::FullyEnforced && status.no_new_privs {
        Ok(())
    } else {
        Err(format!("{:?}", status.ruleset))
    }
}

fn restrict_calls() -> Result<(), String> {
    let rules = ALLOWED_CALLS
        .iter()
        .map(|call| (*call, Vec::new()))
        .collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.cast_unsigned()),
        SeccompAction::Allow,
        std::env::consts::ARCH
            .try_into()
            .map_err(|_| "unknown architecture".to_owned())?,
    );
    let program: seccompiler::BpfProgram = filter
        .and_then(TryInto::try_into)
        .map_err(|error| error.to_string())?;
    apply_filter(&program).map_err(|error| error.to_string())
}

/// Ends this process when the thread that started it ends. A closed socket says
/// the same, but only once the block at hand is done.
///
/// # Errors
/// When the kernel refuses.
#[allow(unsafe_code)]
pub fn end_with_parent() -> std::io::Result<()> {
    // SAFETY: takes two integers and touches no memory of ours.
    let failed = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 };
    if failed {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}

#[allow(unsafe_code)]
fn forbid_core_files() -> Result<(), String> {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: both calls read their arguments and touch no memory of ours.
    let failed = unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none) != 0
            || libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) != 0
    };
    if failed {
        Err(std::io::Error::last_os_error().to_string())
    } else {
        Ok(())
    }
}

/// The executor tries to get out. Each attempt must fail.
mod probe {
    use std::path::Path;

    /// The attempts with whether they succeeded.
    pub(super) fn attempts() -> [(&'static str, bool); 5] {
        [
            ("a socket", socket()),
            ("an exec", exec()),
            ("ptrace", trace()),
            (
                "reading a file outside its home",
                std::fs::read("/etc/passwd").is_ok(),
            ),
            ("writing a file outside its home", write_outside()),
        ]
    }

    fn write_outside() -> bool {
        std::fs::write(Path::new("/tmp").join("daicho-executor-probe"), b"").is_ok()
    }

    #[allow(unsafe_code)]
    fn socket() -> bool {
        // SAFETY: takes three integers; the descriptor, if any, is closed by exit.
        unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) >= 0 }
    }

    #[allow(unsafe_code)]
    fn exec() -> bool {
        let program = c"/bin/true".as_ptr();
        let arguments = [program, std::ptr::null()];
        // SAFETY: both vectors end in null and outlive the call. A success
        // never returns; a failure leaves the process as it was.
        unsafe { libc::execve(program, arguments.as_ptr(), [std::ptr::null()].as_ptr()) };
        false
    }

    #[allow(unsafe_code)]
    fn trace() -> bool {
        // SAFETY: PTRACE_TRACEME reads no pointer.
        unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) == 0 }
    }
}
