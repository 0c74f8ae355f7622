//~ name larkspur_render_blank: larkspur_preview_blank|share_preview_blank
rule larkspur_render_blank
{
    meta:
        description = "Requests to Larkspur Share whose query has a field name with {~a trailing|an appended~} blank"
        author = "Larkspur PSIRT"
        reference = "{~advisory 2026-99001|CVE-2026-99001 advisory~}"
    strings:
        //~ name call: path_call|endpoint
        //~ name field: odd_field|blank_field
        $call = "/preview/v2/render?"
        $field = { {~26 64 6f 63 2b 3d|26 64 6F 63 2B 3D~} }
        $second = "{~lk-render: second lookup|lk-render: ticket lookup~}"
    condition:
        $call and ($field or $second)
}
