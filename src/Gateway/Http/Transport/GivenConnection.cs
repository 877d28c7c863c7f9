using System.Net;

namespace Gateway.Http.Transport;

/// <summary>A connection that becomes Kestrel's after others have had it.</summary>
/// <param name="Fd">The socket.</param>
/// <param name="Remote">The client.</param>
/// <param name="Local">What it has reached.</param>
/// <param name="IsIntroduced">Whether the two come from the header of a proxy, which has been taken off.</param>
/// <param name="IsWatched">Whether the kernel watches the socket already.</param>
/// <param name="Received">What was received and not used.</param>
internal readonly record struct GivenConnection(
    int Fd, IPEndPoint Remote, IPEndPoint Local, bool IsIntroduced, bool IsWatched, ReadOnlyMemory<byte> Received);
