# What `pipeline` may do on this PC. Install as C:\ProgramData\pipeline\pipeline-box.ps1, writable for administrators only.
#
#   pipeline-box.ps1 forced      the command that authorized_keys forces: does the one word that came, if it is allowed
#   pipeline-box.ps1 busy        exit code 0: nobody uses this PC; 1: somebody does
#   pipeline-box.ps1 keepalive   notes that the PC is wanted
#   pipeline-box.ps1 suspend     sleeps, by a scheduled task, so that the answer gets through
#   pipeline-box.ps1 sleep-now   what that task runs
#   pipeline-box.ps1 guard       what the guard's task runs, once a minute
param([string]$Verb = '')

$State = 'C:\ProgramData\pipeline\state'
$Wanted = Join-Path $State 'wanted'
$Idle = Join-Path $State 'idle'
$Minutes = 20
$GpuIdle = 10
# Programs whose running means that somebody uses the PC, without `.exe`.
$Programs = @()

function Test-Busy {
    # Sessions in which somebody sits, at the screen or by remote desktop. `quser` fails where there is none.
    $sessions = quser 2>$null | Select-Object -Skip 1 | Where-Object { $_ -match '\sActive\s' }
    if ($sessions) { return $true }
    $smi = Get-Command nvidia-smi -ErrorAction SilentlyContinue
    if ($smi) {
        $load = & $smi.Source --query-gpu=utilization.gpu --format=csv,noheader,nounits 2>$null
        if ($load | Where-Object { $_ -match '^\s*\d+\s*$' -and [int]$_ -gt $GpuIdle }) { return $true }
    }
    foreach ($program in $Programs) {
        if (Get-Process -Name $program -ErrorAction SilentlyContinue) { return $true }
    }
    return $false
}

function Start-Suspend {
    Remove-Item $Wanted, $Idle -ErrorAction SilentlyContinue
    schtasks /run /tn 'pipeline sleep' | Out-Null
}

# Counts minutes without a word; never acts on a PC that `pipeline` has not woken.
function Invoke-Guard {
    if (-not (Test-Path $Wanted)) { return }
    $told = (Get-Item $Wanted).LastWriteTimeUtc
    if (-not (Test-Path $Idle) -or $told -gt (Get-Item $Idle).LastWriteTimeUtc -or (Test-Busy)) {
        Set-Content $Idle 0
        return
    }
    $count = 1 + [int](Get-Content $Idle -TotalCount 1)
    Set-Content $Idle $count
    if ($count -ge $Minutes) { Start-Suspend }
}

function Invoke-Verb([string]$Word) {
    switch -CaseSensitive ($Word) {
        'busy' { if (Test-Busy) { return 1 } else { return 0 } }
        'keepalive' {
            New-Item -ItemType Directory -Force $State | Out-Null
            Set-Content $Wanted ''
            return 0
        }
        'suspend' { Start-Suspend; return 0 }
        default { [Console]::Error.WriteLine('pipeline-box: not allowed'); return 64 }
    }
}

switch -CaseSensitive ($Verb) {
    'forced' { exit (Invoke-Verb "$env:SSH_ORIGINAL_COMMAND") }
    'guard' { Invoke-Guard; exit 0 }
    'sleep-now' {
        Start-Sleep -Seconds 2
        Add-Type -AssemblyName System.Windows.Forms
        # Unlike rundll32 powrprof.dll,SetSuspendState this takes its arguments: suspend, not hibernate; wake-ups stay armed.
        [System.Windows.Forms.Application]::SetSuspendState('Suspend', $false, $false) | Out-Null
        exit 0
    }
    default { exit (Invoke-Verb $Verb) }
}
