using System.Net.Security;
using System.Net.Sockets;

namespace Gateway.Relay.Tls;

/// <summary>One side of a connection of which at least one speaks TLS: reads and writes plain bytes.</summary>
internal sealed class TlsSide(Socket socket, ReadOnlyMemory<byte> ahead) : IDisposable
{
    private readonly TlsTransport _transport = new(socket, ahead);
    private SslStream? _tls;

    /// <summary>A side whose first bytes were read before.</summary>
    public static TlsSide On(Socket socket, ReadOnlyMemory<byte> ahead) => new(socket, ahead);

    private Stream Stream => _tls is null ? _transport : _tls;

    /// <summary>Whether the stream was cut: the socket ended, and TLS did not.</summary>
    public bool IsCut => _tls is not null && _transport.HasEnded;

    /// <summary>The socket when its own end is the stream's; null with TLS, which has an end of its own.</summary>
    public Socket? PlainSocket => _tls is null ? socket : null;

    public Task AcceptAsync(SslServerAuthenticationOptions options, CancellationToken deadline)
    {
        _tls = new SslStream(_transport);
        return _tls.AuthenticateAsServerAsync(options, deadline);
    }

    public Task ConnectAsync(SslClientAuthenticationOptions options, CancellationToken deadline)
    {
        _tls = new SslStream(_transport);
        return _tls.AuthenticateAsClientAsync(options, deadline);
    }

    /// <summary>Reads; throws <see cref="IOException"/> or <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => Stream.ReadAsync(buffer);

    /// <summary>Writes everything; throws as <see cref="ReadAsync"/>.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => Stream.WriteAsync(bytes);

    /// <summary>Says that nothing more is written; throws as <see cref="ReadAsync"/>, or <see cref="SocketException"/>.</summary>
    public async Task FinishAsync()
    {
        if (_tls is not null)
        {
            await _tls.ShutdownAsync();
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Lets go of keys and buffers; the socket is its owner's to close.</summary>
    public void Dispose()
    {
        _tls?.Dispose();
        _transport.Dispose();
    }
}
