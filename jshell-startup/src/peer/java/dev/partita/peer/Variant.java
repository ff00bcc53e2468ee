package dev.partita.peer;

/// One way to compute a step.
///
/// @param name without blanks
/// @param script TorchScript with three functions: `weights(List[Tensor]) -> List[Tensor]` makes
///   libtorch's weights of Partita's, `examples(Tensor) -> Tensor` its inputs, and
///   `loss(List[Tensor], Tensor, Tensor) -> Tensor` is the mean loss of weights, inputs and labels
/// @param update how weights follow their gradients
/// @param autocast whether libtorch chooses itself what computes in bf16
/// @param flash whether attention may be blockwise
record Variant(String name, String script, Update update, boolean autocast, boolean flash) {}
