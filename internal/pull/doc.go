// Package pull fetches official weights of the nets of the zoo and keeps them in a cache
// directory. It knows where they are (registry.json, made by scripts/models/registry.py from
// what the publishers say), how to get them through a bad network, and how to tell the right
// file from a wrong one. It does not read what is in them: internal/modelfile does.
//
// The cache:
//
//	weights/NET@TAG.json   what was pulled: a Record, its SHA-256 among it
//	blobs/SHA256.EXT       the file itself, under the hash of its content
//	part/NET@TAG.part      a download that is not finished, with .json beside it for the resume
//	part/NET@TAG.lock      held by the process that changes what belongs to this name
//
// A blob stands under its final name only after its hash was compared and its bytes were
// flushed to the disk. A file that fails a check later is renamed to .bad.
package pull
