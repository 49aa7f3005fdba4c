package imgio

import (
	"bytes"
	"encoding/binary"

	"vizserver/internal/fault"
)

// maxScanPixels bounds scans × pixels of a JPEG. A progressive picture has about ten scans; each
// one goes over all blocks, even where it is only a few bytes long, so thousands of them in a small
// file would keep a core busy for hours.
const maxScanPixels = 2_000_000_000

// checkScans refuses a JPEG whose scans would take too long together.
func checkScans(b []byte, pixels int64) error {
	scans := 0
	eachSegment(b, func(marker byte, _ []byte) bool {
		if marker == markerSOS {
			scans++
		}
		return true
	})
	if int64(scans)*pixels > maxScanPixels {
		return fault.New(fault.Unprocessable, "the JPEG has %d scans, too many for its size", scans).
			WithHint("save it again as an ordinary JPEG")
	}
	return nil
}

const (
	markerSOS  = 0xda
	markerEOI  = 0xd9
	markerAPP1 = 0xe1
)

// eachSegment calls do with each segment of a JPEG until do returns false. It steps over
// entropy-coded data, where 0xFF is followed by 0x00 or by a restart marker.
func eachSegment(b []byte, do func(marker byte, payload []byte) bool) {
	at := 2
	for at+1 < len(b) {
		if b[at] != 0xff {
			next := bytes.IndexByte(b[at:], 0xff)
			if next < 0 {
				return
			}
			at += next
			continue
		}
		m := b[at+1]
		switch {
		case m == 0xff: // padding
			at++
			continue
		case m == 0 || m == 1 || (m >= 0xd0 && m <= 0xd8): // stuffing, TEM, RST, SOI
			at += 2
			continue
		case m == markerEOI:
			return
		}
		if at+4 > len(b) {
			return
		}
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		if n < 2 || at+2+n > len(b) {
			return
		}
		if !do(m, b[at+4:at+2+n]) {
			return
		}
		at += 2 + n
	}
}

// jpegOrientation is the EXIF orientation of a JPEG, or 1.
func jpegOrientation(b []byte) int {
	o := 1
	eachSegment(b, func(marker byte, payload []byte) bool {
		const exif = "Exif\x00\x00"
		if marker != markerAPP1 || !matches(payload, exif) {
			return marker != markerSOS // EXIF stands before the picture
		}
		o = orientation(payload[len(exif):])
		return false
	})
	return o
}

// orientation reads tag 0x0112 from the first directory of a TIFF header, as EXIF 2.32 §4.6.2
// lays it out: 1 (upright) to 8. Whatever is damaged is 1. Nothing else of EXIF is read or kept.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := uint64(order.Uint16(tiff[at:]))
	for e := at + 2; entries > 0 && e+12 <= uint64(len(tiff)); e, entries = e+12, entries-1 {
		const tag, short = 0x0112, 3
		if order.Uint16(tiff[e:]) != tag {
			continue
		}
		o := order.Uint16(tiff[e+8:])
		if order.Uint16(tiff[e+2:]) != short || order.Uint32(tiff[e+4:]) != 1 || o < 1 || o > 8 {
			return 1
		}
		return int(o)
	}
	return 1
}
