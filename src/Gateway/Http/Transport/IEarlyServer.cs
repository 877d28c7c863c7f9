namespace Gateway.Http.Transport;

/// <summary>Somebody who serves the connections of an endpoint before Kestrel knows of them.</summary>
internal interface IEarlyServer
{
    /// <summary>Whether connections begin here; else they are Kestrel's from their first byte.</summary>
    bool IsOn { get; }

    /// <summary>Serves a connection, on its loop's thread.</summary>
    /// <returns>True when it is Kestrel's from here on, with all bytes that were not used; false when it has come to its end.
    /// </returns>
    Task<bool> ServeAsync(ClientConnection connection);
}
