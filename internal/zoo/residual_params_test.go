package zoo

import "testing"

// TestParamsOfStages holds the parameters of every part of the residual and dense nets, as
// torchvision 0.29.2 and timm 1.0.31 sum them up for their modules.
func TestParamsOfStages(t *testing.T) {
	checkBlockParams(t, "resnet18", map[string]int{
		"conv1": 9408, "bn1": 128, "layer1": 147968, "layer2": 525568, "layer3": 2099712, "layer4": 8393728, "fc": 513000,
	})
	checkBlockParams(t, "resnet50", map[string]int{
		"conv1": 9408, "bn1": 128, "layer1": 215808, "layer2": 1219584, "layer3": 7098368, "layer4": 14964736, "fc": 2049000,
	})
	checkBlockParams(t, "resnet-v2-50", map[string]int{
		"stem": 9408, "stages.0": 214912, "stages.1": 1218048, "stages.2": 7095296, "stages.3": 14958592,
		"norm": 4096, "head.fc": 2049000,
	})
	checkBlockParams(t, "densenet121", map[string]int{
		"features.conv0": 9408, "features.norm0": 128, "features.denseblock1": 335040, "features.transition1": 33280,
		"features.denseblock2": 919680, "features.transition2": 132096, "features.denseblock3": 2837760,
		"features.transition3": 526336, "features.denseblock4": 2158080, "features.norm5": 2048, "classifier": 1025000,
	})
	checkBlockParams(t, "se-resnet50", map[string]int{
		"conv1": 9408, "bn1": 128, "layer1": 241200, "layer2": 1352832, "layer3": 7891328, "layer4": 16544128, "fc": 2049000,
	})
	checkBlockParams(t, "senet154", map[string]int{
		"layer0": 112832, "layer1": 354864, "layer2": 4695296, "layer3": 68677888, "layer4": 39199104, "last_linear": 2049000,
	})
	checkBlockParams(t, "inception-resnet-v2", map[string]int{
		"mixed_5b": 268320, "repeat": 1231680, "mixed_6a": 2664960, "repeat_1": 22535680, "mixed_7a": 3880960,
		"repeat_2": 18318816, "block8": 2035424, "classif": 1537000,
	})
}
