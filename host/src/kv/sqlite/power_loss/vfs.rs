//! A file layer for SQLite (a "VFS") that hands everything to the usual one and writes down what changes, in order. Syncs
//! are written down and not done: the disk that loses power is the one in [`super::disk`].

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, OnceLock};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use super::disk::{Change, Entry};

/// What the store had confirmed, asked at each change.
type Confirmed = Box<dyn Fn() -> usize + Send>;

/// What happens in one folder.
pub struct Recorder {
    state: Mutex<State>,
}

struct State {
    entries: Vec<Entry>,
    confirmed: Confirmed,
    now: u64,
    /// So many syncs succeed; the one after them fails.
    syncs_left: Option<usize>,
}

impl Recorder {
    /// Watches a folder from here on. `entries`: what has happened before.
    pub fn watch(folder: &Path, entries: Vec<Entry>, now: u64, confirmed: usize) -> Arc<Self> {
        register();
        let state = State { entries, confirmed: Box::new(move || confirmed), now, syncs_left: None };
        let recorder = Arc::new(Self { state: Mutex::new(state) });
        watched().lock().unwrap().insert(folder.canonicalize().unwrap(), recorder.clone());
        recorder
    }

    /// The end of the watch: nothing may use the folder any more.
    pub fn forget(folder: &Path) {
        watched().lock().unwrap().remove(&folder.canonicalize().unwrap());
    }

    pub fn confirmed_by(&self, confirmed: impl Fn() -> usize + Send + 'static) {
        self.state.lock().unwrap().confirmed = Box::new(confirmed);
    }

    pub fn set_now(&self, now: u64) {
        self.state.lock().unwrap().now = now;
    }

    pub fn fail_sync_after(&self, syncs: usize) {
        self.state.lock().unwrap().syncs_left = Some(syncs);
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.state.lock().unwrap().entries.clone()
    }

    pub fn note(&self, file: &str, change: Change) {
        let mut state = self.state.lock().unwrap();
        let (confirmed, now) = ((state.confirmed)(), state.now);
        state.entries.push(Entry { file: file.into(), change, confirmed, now });
    }

    pub fn sync_fails(&self) -> bool {
        match &mut self.state.lock().unwrap().syncs_left {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

fn watched() -> &'static Mutex<BTreeMap<PathBuf, Arc<Recorder>>> {
    static WATCHED: OnceLock<Mutex<BTreeMap<PathBuf, Arc<Recorder>>>> = OnceLock::new();
    WATCHED.get_or_init(Mutex::default)
}

pub fn recorder_of(folder: &Path) -> Option<Arc<Recorder>> {
    watched().lock().unwrap().get(folder).cloned()
}

/// The store's way to sync a folder, written down as well.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let recorder = recorder_of(&folder.canonicalize()?).expect("a watched folder");
    recorder.note("", Change::SyncFolder);
    Ok(())
}

/// The layer to open connections with.
pub const WHOLE: &str = "power-loss";
/// The same without shared memory, and so without a write-ahead log, as on some network file systems.
pub const WITHOUT_LOG: &str = "power-loss-without-log";
const NAMES: [&CStr; 2] = [c"power-loss", c"power-loss-without-log"];

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for name in NAMES {
            // SAFETY: SQLite keeps the pointer for good, and the box is leaked. The copy has the original's application
            // data, so the functions which are not replaced find everything they need in it.
            unsafe {
                let usual = usual();
                let mut vfs = Box::new(*usual);
                vfs.zName = name.as_ptr();
                vfs.szOsFile = c_int::try_from(OFFSET).unwrap() + (*usual).szOsFile;
                vfs.pNext = std::ptr::null_mut();
                vfs.xOpen = Some(open);
                vfs.xDelete = Some(delete);
                assert_eq!(ffi::sqlite3_vfs_register(Box::leak(vfs), 0), ffi::SQLITE_OK);
            }
        }
    });
}

fn usual() -> *mut sqlite3_vfs {
    // SAFETY: asks for the default layer, which is always there.
    unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) }
}

/// SQLite's file object: ours in front, the usual layer's behind it.
#[repr(C)]
struct File {
    base: sqlite3_file,
    record: *mut Record,
}

const OFFSET: usize = size_of::<File>().next_multiple_of(16);

struct Record {
    recorder: Arc<Recorder>,
    name: String,
    /// The usual layer syncs the folder with the first sync of a journal or log that it has created.
    folder_is_due: bool,
}

impl Record {
    fn note(&self, change: Change) {
        self.recorder.note(&self.name, change);
    }
}

/// The folder's recorder, and the file's name in it.
///
/// SAFETY: `path` is null or ends with a zero byte.
unsafe fn find(path: *const c_char) -> Option<(Arc<Recorder>, PathBuf)> {
    if path.is_null() {
        return None;
    }
    let path = PathBuf::from(unsafe { CStr::from_ptr(path) }.to_str().unwrap());
    Some((recorder_of(path.parent()?)?, path))
}

pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// SAFETY, here and below: SQLite calls these as its documentation says. `file` points to as many bytes as the layer asked
/// for, and `record` is set between a successful open and the close.
unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        (*file).pMethods = std::ptr::null();
        let found = find(path);
        let new = found.as_ref().is_some_and(|(_, path)| !path.exists());
        let code = (*usual()).xOpen.unwrap()(usual(), path, real(file), flags, out_flags);
        if code != ffi::SQLITE_OK {
            return code;
        }
        let (recorder, path) = found.expect("only files in watched folders are opened through this layer");
        let is_journal = flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0;
        let record = Record { recorder, name: name(&path), folder_is_due: new && is_journal };
        if new {
            record.note(Change::Create);
        }
        (*file.cast::<File>()).record = Box::into_raw(Box::new(record));
        let with_log = CStr::from_ptr((*vfs).zName) == NAMES[0];
        (*file).pMethods = if with_log { &METHODS } else { &METHODS_WITHOUT_LOG };
        code
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    unsafe {
        let (recorder, full) = find(path).expect("a watched folder");
        let code = (*usual()).xDelete.unwrap()(usual(), path, 0);
        if code == ffi::SQLITE_OK {
            recorder.note(&name(&full), Change::Delete);
            if sync_folder != 0 {
                recorder.note("", Change::SyncFolder);
            }
        }
        code
    }
}

unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    unsafe { file.cast::<u8>().add(OFFSET).cast() }
}

unsafe fn record<'a>(file: *mut sqlite3_file) -> &'a mut Record {
    unsafe { &mut *(*file.cast::<File>()).record }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    unsafe {
        drop(Box::from_raw((*file.cast::<File>()).record));
        (*(*real(file)).pMethods).xClose.unwrap()(real(file))
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, len: c_int, at: i64) -> c_int {
    unsafe {
        let slice = std::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(len).unwrap());
        record(file).note(Change::Write { at: u64::try_from(at).unwrap(), bytes: slice.to_vec() });
        (*(*real(file)).pMethods).xWrite.unwrap()(real(file), bytes, len, at)
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: i64) -> c_int {
    unsafe {
        record(file).note(Change::Truncate { len: u64::try_from(len).unwrap() });
        (*(*real(file)).pMethods).xTruncate.unwrap()(real(file), len)
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    let record = unsafe { record(file) };
    if record.recorder.sync_fails() {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    record.note(Change::Sync);
    if std::mem::take(&mut record.folder_is_due) {
        record.note(Change::SyncFolder);
    }
    ffi::SQLITE_OK
}

/// Functions that hand over to the usual layer.
macro_rules! hand_over {
    ($($name:ident as $method:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) $(-> $result)? {
            unsafe { (*(*real(file)).pMethods).$method.unwrap()(real(file) $(, $argument)*) }
        })*
    };
}

hand_over! {
    read as xRead(bytes: *mut c_void, len: c_int, at: i64) -> c_int;
    file_size as xFileSize(size: *mut i64) -> c_int;
    lock as xLock(level: c_int) -> c_int;
    unlock as xUnlock(level: c_int) -> c_int;
    check_reserved_lock as xCheckReservedLock(result: *mut c_int) -> c_int;
    file_control as xFileControl(operation: c_int, argument: *mut c_void) -> c_int;
    sector_size as xSectorSize() -> c_int;
    device_characteristics as xDeviceCharacteristics() -> c_int;
    shm_map as xShmMap(page: c_int, size: c_int, extend: c_int, memory: *mut *mut c_void) -> c_int;
    shm_lock as xShmLock(offset: c_int, n: c_int, flags: c_int) -> c_int;
    shm_barrier as xShmBarrier();
    shm_unmap as xShmUnmap(delete: c_int) -> c_int;
}

/// Version 1 ends before shared memory.
static METHODS_WITHOUT_LOG: sqlite3_io_methods = sqlite3_io_methods { iVersion: 1, ..METHODS };

/// Version 2: without the methods that map the file itself, past which nothing could be written down.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
