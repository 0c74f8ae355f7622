//! Words that a language has taken, and that no name of an author may be.

use crate::syntax::Language;

const PYTHON: &str = "False None True and as assert async await break class continue def del elif else except finally for from \
global if import in is lambda nonlocal not or pass raise return try while with yield match case type \
abs all any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex delattr dict dir divmod \
enumerate eval exec filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass \
iter len list locals map max memoryview min next object oct open ord pow print property range repr reversed round set setattr \
slice sorted staticmethod str sum super tuple type vars zip self cls __name__ __file__ __doc__ Exception BaseException \
ValueError TypeError KeyError IndexError OSError RuntimeError SystemExit StopIteration KeyboardInterrupt NotImplemented Ellipsis";
const SCRIPT: &str = "break case catch class const continue debugger default delete do else enum export extends false finally for \
function if implements import in instanceof interface let new null package private protected public return static super switch \
this throw true try typeof var void while with yield await async of get set undefined NaN Infinity globalThis window document \
console process require module exports Buffer fetch URL Array Object String Number Boolean Symbol Math JSON Date RegExp Promise \
Map Set WeakMap WeakSet Error Reflect Proxy parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent setTimeout \
clearTimeout setInterval clearInterval AbortController arguments eval any unknown never string number boolean object symbol \
bigint type namespace declare readonly abstract keyof infer is asserts satisfies as";
const C: &str = "auto break case char const continue default do double else enum extern float for goto if inline int long register \
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while _Bool _Complex _Atomic \
alignas alignof bool constexpr false nullptr static_assert thread_local true typeof main NULL size_t ssize_t FILE stdin stdout \
stderr errno EOF printf fprintf sprintf snprintf scanf malloc calloc realloc free memcpy memset memmove memcmp strlen strcpy \
strncpy strcmp strncmp strcat strchr strstr fopen fclose fread fwrite fputs fgets exit abort assert open close read write socket \
connect bind listen accept send recv select poll time index signal environ";
const POWER_SHELL: &str = "begin break catch class continue data define do dynamicparam else elseif end enum exit filter finally for \
foreach from function hidden if in inlinescript parallel param process return sequence static switch throw trap try until using \
var while workflow args error foreach home host input lastexitcode matches myinvocation nestedpromptlevel null pid profile \
psboundparameters pscmdlet pscommandpath psculture psdebugcontext pshome psitem psscriptroot pssenderinfo psuiculture \
psversiontable pwd sender shellid stacktrace this true false _ env global local script private iswindows islinux ismacos \
erroractionpreference verbosepreference debugpreference warningpreference progresspreference ofs";
const SHELL: &str = "if then else elif fi case esac for select while until do done in function time coproc alias bg bind break builtin \
caller cd command compgen complete continue declare dirs disown echo enable eval exec exit export false fc fg getopts hash help \
history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt source suspend \
test times trap true type typeset ulimit umask unalias unset wait PATH HOME IFS PWD OLDPWD USER LOGNAME SHELL TERM LANG LC_ALL \
TMPDIR HOSTNAME HOSTTYPE OSTYPE MACHTYPE UID EUID PPID RANDOM SECONDS LINENO OPTARG OPTIND REPLY PS1 PS2 PS4 BASH BASH_VERSION \
BASH_SOURCE BASHOPTS SHELLOPTS FUNCNAME PIPESTATUS EDITOR VISUAL MAIL CDPATH COLUMNS LINES http_proxy https_proxy no_proxy \
curl grep sed awk head tail cat tr sort tee wc cut xargs find mktemp";
const YARA: &str = "all and any ascii at base64 base64wide condition contains defined endswith entrypoint false filesize for fullword \
global import icontains iendswith iequals in include int16 int16be int32 int32be int8 int8be istartswith matches meta nocase none \
not of or private rule startswith strings them true uint16 uint16be uint32 uint32be uint8 uint8be wide xor with pe elf dotnet math \
hash time console cuckoo magic string vt macho dex lnk";
const SIGMA: &str = "and or not of them all any near by count condition timeframe detection logsource title id status level tags \
category product service definition author date modified references description fields falsepositives related name taxonomy";
const KQL: &str = "and or not in has contains startswith endswith matches between by on kind asc desc nulls first last let set where \
extend project summarize join union take limit top sort order distinct count parse evaluate lookup render serialize sample search \
find print datatable externaldata range materialize invoke as from to step with typeof dynamic datetime timespan true false null \
int long real decimal string bool guid tostring toint tolong todouble todatetime split ago now min max sum avg dcount";

/// Whether `name` means something in the language, so that no variable may be called so.
pub(crate) fn is_reserved(language: Language, name: &str) -> bool {
    let words = match language {
        Language::Python => PYTHON,
        Language::JavaScript | Language::TypeScript | Language::Tsx => SCRIPT,
        Language::C => C,
        Language::PowerShell => POWER_SHELL,
        Language::Shell => SHELL,
        Language::Yara => YARA,
        Language::Sigma => SIGMA,
        Language::Kql => KQL,
        _ => return false,
    };
    let same = |word: &str| {
        if ignores_case(language) {
            word.eq_ignore_ascii_case(name)
        } else {
            word == name
        }
    };
    words.split_ascii_whitespace().any(same)
}

/// Whether `Name` and `name` are one name.
pub(crate) fn ignores_case(language: Language) -> bool {
    matches!(language, Language::PowerShell)
}
