//! The texts. All software, people and figures in them are invented.

pub(super) const ALL: [(&str, &str, &str, &str); 7] = [
    ("Quillstore 4.2 cuts write latency in the storage engine", "Mara Lindqvist", "2026-10-12", QUILLSTORE),
    ("Tallow 1.9 keeps its build cache across branches", "Ines Okafor", "2026-10-14", TALLOW),
    ("Advisory: Harrow agents accept expired client certificates", "", "2026-10-20", HARROW),
    ("How Penstock moved its metrics from pull to push", "Joon Castellan", "2026-11-02", PENSTOCK),
    ("Deprecation of the Rowan 2 wire format", "", "", ROWAN),
    ("Benchmark: four embedded stores under mixed load", "Petra Aldous", "2026-11-05", BENCHMARK),
    ("Quillstore 4.2 lowers the write latency of its storage engine", "Kim Rasmus", "2026-10-13", QUILLSTORE_AGAIN),
];

const QUILLSTORE: &str = "\
Quillstore 4.2 lowers the median write latency of the storage engine from 3.1 to 1.8 milliseconds on the project's own load \
test. The release replaces the single commit queue with one queue for each shard. Writers to different shards no longer wait \
for each other while a checkpoint is running.

## What changed in the storage engine

The storage engine now seals a segment after 64 megabytes instead of 256 megabytes. Smaller segments make compaction shorter, \
and a compaction that is interrupted loses less work. The project measured a pause of 40 milliseconds for the longest \
compaction in a run of 12 hours. Readers keep their snapshot while a segment is sealed, so no query has to be repeated.

```toml
[segments]
seal_after = \"64MB\"
```

It also changes the defaults. Write amplification fell from 11.4 to 8.7 in the same test, because cold pages are no longer \
rewritten on every pass. See https://samples.example/notes for the list.

## Upgrading to the new release

Databases written by Quillstore 4.0 and 4.1 are opened without conversion. A database that was opened by 4.2 cannot be read by \
4.1 any more, so a backup before the upgrade is advised. The maintainers ask operators with more than 500 shards to raise the \
limit for open files before they upgrade. \"Do it first,\" says the manual.

Subscribe to our newsletter to read more about every new release of the storage engine.
";

const TALLOW: &str = "\
Tallow 1.9 stores build results under the hash of their inputs, so that two branches with the same inputs share one cache \
entry. Builds of the example repository became 38 percent faster after a switch of branches. The cache directory is limited to \
20 gigabytes by default, and the oldest entries are removed first.

Remote caches speak the same protocol as before, but latency matters more because every action is looked up. The team reports \
that a lookup takes 4 milliseconds on a local network and about 35 milliseconds over the public internet. Teams with a slow link \
can switch the remote lookup off for actions that run for less than a second.

A cache entry carries the version of the compiler that made it. Entries made by another compiler are ignored and removed after \
14 days. The command line gained an option that prints why an action was not found in the cache.
";

const HARROW: &str = "\
Harrow agents before version 3.7.2 accept client certificates that expired less than 30 days ago. The check compared the date of \
expiry with the start of the agent instead of the current time. An attacker who holds an expired certificate and its key could \
still open a session to an agent that has been running for weeks.

The flaw was reported on 2026-10-02 by a user who rotated certificates during an exercise. Version 3.7.2 repairs the check and \
closes open sessions whose certificate has expired. Agents of the 2.x line are not affected because they check the date for every \
request.

Operators who cannot upgrade at once can restart their agents every night, which shortens the window to one day. The advisory \
rates the severity as high for agents that are reachable from outside networks.
";

const PENSTOCK: &str = "\
Penstock collected metrics from 4,200 machines by asking each of them every 15 seconds. The collector spent most of its time \
waiting for machines that were slow to answer or already gone. In March the team began to let the machines push their metrics \
in batches instead.

Each machine now sends one batch every 10 seconds over a single connection. The median latency from measurement to storage fell \
from 21 seconds to 6 seconds after the change. Lost batches are sent again from a ring buffer that holds the last 15 minutes.

The change was not free of trouble. A rollout that restarted all machines at once led to 4,200 connections within two seconds, \
and the collectors ran out of file descriptors. Since then each machine waits for a time that is derived from its name before it \
connects.
";

const ROWAN: &str = "\
The Rowan 2 wire format will be refused by servers from release 5.0 on. Clients that still write Rowan 2 receive a warning in \
every reply since release 4.6. The project counts about 3 percent of all requests at its public test server as Rowan 2.

Rowan 3 stores lengths as variable integers and carries a checksum for each frame. A converter for recorded streams is part of \
the command line tools and keeps the order of frames. The storage engine reads both formats, and only the network layer drops \
the older one.
";

const BENCHMARK: &str = "\
The benchmark drives four embedded stores with 70 percent reads and 30 percent writes for six hours. Quillstore 4.2 reached \
41,000 operations per second with a latency of 9 milliseconds at the 99th percentile. Marl 0.12 reached 52,000 operations per \
second but paused for 1.4 seconds during its longest compaction.

All stores ran on the same machine with 8 cores, 32 gigabytes of memory and one solid state drive. The data set of 120 gigabytes \
did not fit into memory, so that every store had to read from the drive. Each run was repeated five times, and the table shows \
the median of the runs.

The author warns that the storage engine of each store was left at its defaults. Larger caches would help Marl most, because its \
index is read on every lookup.
";

const QUILLSTORE_AGAIN: &str = "\
Quillstore 4.2 lowers the median write latency of the storage engine from 3.1 to 1.8 milliseconds in the load test of the \
project. The release replaces the single commit queue with one queue for each shard. Writers to different shards no longer wait \
for each other while a checkpoint is running, which the notes call the main change.

Databases written by Quillstore 4.0 and 4.1 are opened without conversion. A backup before the upgrade is advised, because 4.1 \
cannot read a database that 4.2 has opened.
";
