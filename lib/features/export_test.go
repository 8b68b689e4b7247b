package features

// ResizeTF1 is resizeTF1.
var ResizeTF1 = resizeTF1

// EachLayer is eachLayer.
func EachLayer(visit func(name string, in, out, height, width int)) {
	eachLayer(func(name string, in int, l layer) { visit(name, in, l.out, l.height, l.width) })
}
