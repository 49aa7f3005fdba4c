package imgio_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"vizserver/internal/imgio"
)

// A black bar on white paper, somewhere on a sheet, becomes 20 pixels tall and centred.
func ExampleDecoder_Digit() {
	sheet := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for y := 50; y < 150; y++ {
		for x := 30; x < 50; x++ {
			sheet.SetGray(x, y, color.Gray{Y: 0})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, sheet); err != nil {
		fmt.Println(err)
		return
	}
	d := imgio.New(imgio.Limits{})
	greys, _, ok, err := d.Digit(context.Background(), &file, true)
	fmt.Println(ok, err)
	fmt.Printf("%d\n", greys[14*28+11:14*28+18])

	_, _, _, err = d.Digit(context.Background(), strings.NewReader("<svg/>"), true)
	fmt.Println(err)
	// Output:
	// true <nil>
	// [0 128 255 255 255 128 0]
	// SVG pictures are not read: they are programs rather than pixels
}
