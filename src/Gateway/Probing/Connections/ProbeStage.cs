namespace Gateway.Probing.Connections;

/// <summary>How far a probe had come, which decides what an error means.</summary>
internal enum ProbeStage
{
    Connect,
    Handshake,
    Answer,
}
