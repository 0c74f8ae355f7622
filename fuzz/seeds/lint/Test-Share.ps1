Test-Share.ps1# Ask a {~Larkspur|Example~} Share server for a preview that no server has.
param(
    [Parameter(Mandatory = $true)]
    [string]$Address
)

$probeId = "9b41c07e2d55"
$filler = "A" * 263
$resultFile = "share-check-result.json"

$headers = @{
    "Accept" = "image/png"
    "Cache-Control" = "no-cache"
    "X-Larkspur-Ticket" = $probeId
}
$body = @{
    width = 640
    height = 480
    note = $filler
} | ConvertTo-Json

try {
    $answer = Invoke-WebRequest -Uri "$Address/preview/v2/render?doc=$probeId" -Method Post -Headers $headers -Body $body
    $status = $answer.StatusCode
} catch {
    $status = $_.Exception.Response.StatusCode.value__
}
$verdict = switch ($status) {
    404 { "vulnerable" }
    403 { "repaired" }
    default { "unclear" }
}
@{ status = $status; verdict = $verdict } | ConvertTo-Json | Set-Content $resultFile
Write-Output "${status}: $verdict"
