using System.Net.Security;
using System.Net.Sockets;

namespace Gateway.Relay.Tls;

/// <summary>One side of a connection of which at least one speaks TLS: reads and writes plain bytes.</summary>
internal sealed class TlsSide(TlsTransport transport) : IDisposable
{
    private SslStream? _tls;

    /// <summary>A side that speaks no TLS yet.</summary>
    public static TlsSide Over(TlsTransport transport) => new(transport);

    /// <summary>Whether it speaks TLS, which has an end of its own.</summary>
    public bool IsTls => _tls is not null;

    /// <summary>Whether the stream was cut: the socket ended, and TLS did not.</summary>
    public bool IsCut => IsTls && transport.HasEnded;

    private Stream Stream => _tls is null ? transport : _tls;

    public Task AcceptAsync(SslServerAuthenticationOptions options, CancellationToken deadline)
    {
        _tls = new SslStream(transport);
        return _tls.AuthenticateAsServerAsync(options, deadline);
    }

    public Task ConnectAsync(SslClientAuthenticationOptions options, CancellationToken deadline)
    {
        _tls = new SslStream(transport);
        return _tls.AuthenticateAsClientAsync(options, deadline);
    }

    /// <summary>Reads; throws <see cref="IOException"/> or <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => Stream.ReadAsync(buffer);

    /// <summary>Writes everything; throws as <see cref="ReadAsync"/>.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => Stream.WriteAsync(bytes);

    /// <summary>Says that nothing more is written; false when the other end is gone.</summary>
    public async Task<bool> TryFinishAsync()
    {
        try
        {
            if (_tls is not null)
            {
                await _tls.ShutdownAsync();
            }

            await transport.FinishWritingAsync();
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Lets go of keys and buffers; the socket is its owner's to close.</summary>
    public void Dispose()
    {
        _tls?.Dispose();
        transport.Dispose();
    }
}
