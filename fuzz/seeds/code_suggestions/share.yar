// Larkspur Share, CVE-2026-99001: what an exploited server keeps on disk
import "pe"

rule larkspur_preview_cache : cache larkspur
{
    meta:
        author = "Larkspur PSIRT"
        description = "A preview that was drawn from a template of a stranger"
        reference = "CVE-2026-99001"
        date = "2026-11-10"

    strings:
        $template = "{{#helper fetch}}" ascii
        $ticket = { 4C 4B 54 31 [4-8] 00 ?? ff }
        $path = /\/preview\/v2\/render\?doc=[0-9a-f]{8}/ nocase

    condition:
        filesize < 2MB and ($template or all of ($ti*)) and #path > 0
}

rule larkspur_worker_dump
{
    meta:
        author = "Larkspur PSIRT"
        date = "2026-11-10"

    strings:
        $marker = "lk_render_worker"

    condition:
        $marker at 0
}
