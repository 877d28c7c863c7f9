using Gateway.Http.Transport;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>The client's side of an exchange: the request as it is to be sent, and where the answer goes.</summary>
internal interface IExchangeClient
{
    /// <summary>The event loop its connection lives on; null when it is on none.</summary>
    ILoopClient? Loop { get; }

    /// <summary>Whether the end of the client's connection is all that can end this request from its side: no other stream,
    /// no timeout of the route.</summary>
    bool IsAloneOnLoop { get; }

    /// <summary>Is cancelled when the request is ended from the client's side; asked for only when it is not alone on a loop,
    /// or a connection off the loops is made.</summary>
    CancellationToken Gone { get; }

    string Method { get; }

    /// <summary>How the body is framed that <see cref="BeginBody"/> sends.</summary>
    BodyFraming Framing { get; }

    /// <summary>Whether the request has a body, whoever sends it.</summary>
    bool HasBody { get; }

    /// <summary>Whether the answer's status may have been written already, so that the end must be flushed.</summary>
    bool MustFlushEnd { get; }

    /// <summary>Writes the head of the request to <see cref="Upstream.Sending"/>; returns its length.</summary>
    int WriteRequestHead(Upstream upstream);

    /// <summary>What sends the body of the request; null when it has none.</summary>
    RequestBody? BeginBody(Upstream upstream, TimeProvider time);

    /// <summary>Writes status and header fields of the answer.</summary>
    void WriteHead(ResponseHead head);

    /// <summary>Writes bytes of the answer's body.</summary>
    void WriteBody(ReadOnlySpan<byte> bytes);

    /// <summary>Begins to send bytes of the answer's body past whatever writes them otherwise; on the loop's thread.</summary>
    /// <returns>Where they can be sent as they are, once what was written is flushed; null where something between frames, encrypts,
    /// changes or counts them.</returns>
    ValueTask<ClientOutlet?> BeginDirectAsync();

    /// <summary>So many bytes were sent directly since the last call; before anything else is written.</summary>
    void CountDirect(int bytes);

    /// <summary>What <see cref="BeginDirectAsync"/> has begun is over.</summary>
    void EndDirect();

    /// <summary>Sends what was written; false when the client takes no more.</summary>
    ValueTask<bool> FlushAsync();

    /// <summary>Writes trailer fields, where the client's protocol can carry them.</summary>
    void WriteTrailers(ChunkedBody chunks);

    /// <summary>Sends the answer's end before the request's body has come to its own.</summary>
    Task CompleteAsync();

    /// <summary>Whether the client, while it was waited for, has taken anything since it was waited for or this was asked last; on the loop's
    /// thread.</summary>
    bool HasTakenSome();

    /// <summary>Ends the client's connection at once, if it is alone on it; on the loop's thread.</summary>
    void CutOff();

    /// <summary>Notes that there is no answer, and the status to tell.</summary>
    void Fail(ForwarderError error, int status, Exception exception);

    /// <summary>Cuts the client's connection, so that it does not take what it has for the whole.</summary>
    void BreakOff(ForwarderError error, Exception exception);
}
