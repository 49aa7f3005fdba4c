package nn

// ImagePre says how a photo becomes the input of a net, as its authors did it:
// resize the shorter side (or the whole picture), cut out the middle, then
//
//	x = (v·Range − Mean[c]) / Std[c],  v = 0…1
//
// in the given channel order. The zero value means that the net takes no photos.
type ImagePre struct {
	Size      int        // height and width of the input
	Resize    int        // of the shorter side before the crop; 0: the crop alone, scaled to Size
	CropShare float64    // where Resize is 0: the share of the shorter side that is cut out first; 0: 1
	Resample  string     // "bilinear" or "bicubic": Pillow's, with antialiasing; "bilinear-raw": TensorFlow 1's, with Squash OpenCV's (Caffe), without
	Squash    bool       // ignore the aspect ratio
	Range     float32    // 1 or 255
	Mean, Std [3]float32 // in the net's channel order
	BGR       bool       // Caffe and some Keras nets
	Source    string     // who says so
}

// TorchvisionPre is torchvision's classification preset: resize to 256, crop 224, and
// the statistics of ImageNet.
var TorchvisionPre = ImagePre{
	Size: 224, Resize: 256, Resample: "bilinear", Range: 1,
	Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
	Source: "torchvision.transforms._presets.ImageClassification",
}
